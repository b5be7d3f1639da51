package falcon.prune.run;

import falcon.data.Preprocessing;
import falcon.gradients.MemoryPlan;
import falcon.model.Network;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.Versions;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.ModelFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a run directory says about its run beside the result, and what decides whether a run that was
/// broken off may be resumed.
///
/// @param command as it was typed, or whatever tells a reader how the run was made
/// @param network that is pruned, as [Pruning#network] gives it
/// @param plan of the run
/// @param options of the run
/// @param preprocessing how pixels become inputs, null where samples are arrays
/// @param inputs files that the run reads
/// @param format of the network that is written
public record RunDescription(
    String command,
    Network network,
    PruningPlan plan,
    PruningOptions options,
    @Nullable Preprocessing preprocessing,
    List<InputFile> inputs,
    ModelFormat format) {

  /// Name of the version of Falcon in an identity.
  static final String VERSION = "version";

  public RunDescription {
    inputs = List.copyOf(inputs);
  }

  /// Everything that the bits of the result depend on, as text by name; the number of threads is not
  /// among it.
  Map<String, String> identity() {
    var identity = new LinkedHashMap<String, String>();
    for (InputFile input : inputs) {
      identity.put(
          "%s %s".formatted(input.role(), input.path().getFileName()), "SHA-256 " + input.sha256());
    }
    identity.put("macs", plan.asked().macs().toString());
    identity.put("nnz", plan.asked().nnz().toString());
    identity.put("budget", text(plan.budget()));
    identity.put(
        "stages",
        "%d, the first with %s"
            .formatted(plan.stageBudgets().size(), text(plan.stageBudgets().getFirst())));
    identity.put("schedule", plan.schedule() == null ? "none" : plan.schedule().id());
    identity.put("method", options.method().id());
    identity.put("refit", plan.refit().id());
    identity.put("samples", Integer.toString(plan.samples()));
    putAll(identity, options.refit().backsolve().values());
    putAll(identity, options.search().values());
    identity.put("gradients", gradients());
    identity.put("memory", "%d bytes for samples on their way".formatted(plan.passBytes()));
    putAll(identity, options.refinement().values());
    identity.put(
        "input-shape",
        options.inputShapes() == null ? "default" : options.inputShapes().toString());
    identity.put("loss", options.loss().id());
    identity.put("seed", Long.toString(options.seed()));
    identity.put("preprocessing", preprocessing == null ? "none" : preprocessing.toString());
    identity.put("format", format.id());
    identity.put(VERSION, Versions.falcon());
    return identity;
  }

  private static void putAll(Map<String, String> identity, Map<String, @Nullable Object> values) {
    values.forEach(
        (name, value) -> identity.put(name, value == null ? "default" : value.toString()));
  }

  /// What the memory plan leaves in the bits of the result.
  private String gradients() {
    MemoryPlan memory = plan.gradients();
    return memory == null
        ? "none"
        : "%s, up to %d active columns"
            .formatted(memory.format().name().toLowerCase(Locale.ROOT), memory.activeColumns());
  }

  private static String text(falcon.budget.Budget budget) {
    return "%d MACs and %d weights".formatted(budget.maxMacs(), budget.maxNnz());
  }
}
