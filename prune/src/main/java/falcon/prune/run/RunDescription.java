package falcon.prune.run;

import falcon.budget.SparsityPattern;
import falcon.data.Preprocessing;
import falcon.gradients.MemoryPlan;
import falcon.model.Network;
import falcon.prune.options.InputValue;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.ResourceRequest;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.Versions;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.ModelFormat;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The description of a run that a run directory stores beside the result, and the values that
/// decide whether an interrupted run may be resumed. Immutable.
public final class RunDescription {
  /// The name of Falcon's version in an identity.
  static final String VERSION = "version";

  private final Network network;
  private final PruningPlan plan;
  private final PruningOptions options;
  private final String command;
  private final @Nullable Path folder;
  private final @Nullable Preprocessing preprocessing;
  private final List<InputFile> inputs;
  private final ModelFormat format;
  private final UnaryOperator<String> wording;
  private final @Nullable String given;
  private final boolean isReported;

  private RunDescription(Builder builder) {
    network = builder.network;
    plan = builder.plan;
    options = builder.options;
    command = builder.command;
    folder = builder.folder;
    preprocessing = builder.preprocessing;
    inputs = builder.inputs;
    format = builder.format;
    wording = builder.wording;
    given = builder.given;
    isReported = builder.isReported;
  }

  /// Creates a builder for a run that reads no files and writes ONNX.
  ///
  /// @param network network that is pruned, as `Pruning.network()` returns it
  /// @param plan plan of the run
  /// @param options options of the run
  public static Builder builder(Network network, PruningPlan plan, PruningOptions options) {
    return new Builder(network, plan, options);
  }

  /// Returns the network that is pruned.
  public Network network() {
    return network;
  }

  /// Returns the plan of the run.
  public PruningPlan plan() {
    return plan;
  }

  /// Returns the options of the run.
  public PruningOptions options() {
    return options;
  }

  /// Returns the command as it was typed, or another description of how the run was started; may be
  /// empty.
  public String command() {
    return command;
  }

  /// Returns the folder that relative paths of the command start from, null where it is not known.
  public @Nullable Path folder() {
    return folder;
  }

  /// Returns the conversion of pixels to inputs, null where samples are arrays or there are none.
  public @Nullable Preprocessing preprocessing() {
    return preprocessing;
  }

  /// Returns the files that the run reads.
  public List<InputFile> inputs() {
    return inputs;
  }

  /// Returns the format of the network that is written.
  public ModelFormat format() {
    return format;
  }

  /// Returns whether the run retrains on a mask that existed before, and chooses none.
  public boolean isMaskGiven() {
    return given != null;
  }

  /// Returns the names of the reports that are written beside the result.
  List<String> reports() {
    return isReported ? RunReport.NAMES : List.of();
  }

  /// Collects the description of a run.
  public static final class Builder {
    private final Network network;
    private final PruningPlan plan;
    private final PruningOptions options;
    private String command = "";
    private @Nullable Path folder;
    private @Nullable Preprocessing preprocessing;
    private List<InputFile> inputs = List.of();
    private ModelFormat format = ModelFormat.ONNX;
    private UnaryOperator<String> wording = UnaryOperator.identity();
    private @Nullable String given;
    private boolean isReported = true;

    private Builder(Network network, PruningPlan plan, PruningOptions options) {
      this.network = Objects.requireNonNull(network);
      this.plan = Objects.requireNonNull(plan);
      this.options = Objects.requireNonNull(options);
    }

    /// Sets the command as it was typed, or another description of how the run was started.
    public Builder command(String value) {
      command = Objects.requireNonNull(value);
      return this;
    }

    /// Sets the folder that relative paths of the command start from; null, the default, where
    /// that is not known.
    public Builder folder(@Nullable Path value) {
      folder = value;
      return this;
    }

    /// Sets the conversion of pixels to inputs.
    ///
    /// @param value the conversion; null where samples are arrays or there are none
    public Builder preprocessing(@Nullable Preprocessing value) {
      preprocessing = value;
      return this;
    }

    /// Sets the files that the run reads: a run whose files changed is not resumed.
    public Builder inputs(List<InputFile> value) {
      inputs = List.copyOf(value);
      return this;
    }

    /// Sets the format of the network that is written.
    public Builder format(ModelFormat value) {
      format = Objects.requireNonNull(value);
      return this;
    }

    /// Sets the function that words options in texts for people in `log.txt` and `result.json`; the
    /// default leaves them in the library's form (`‹memory›`).
    public Builder wording(UnaryOperator<String> value) {
      wording = Objects.requireNonNull(value);
      return this;
    }

    /// Sets that the run trains and chooses no mask, so that the options of pruning do not count.
    ///
    /// @param value what was given in place of a choice, in a few words; a run of something else is
    ///     not resumed. Null, the default, for a run that prunes
    public Builder given(@Nullable String value) {
      given = value;
      return this;
    }

    /// Sets whether `report.html` and `report.md` are written beside the result; the default is
    /// true.
    public Builder report(boolean value) {
      isReported = value;
      return this;
    }

    /// Returns the description.
    public RunDescription build() {
      return new RunDescription(this);
    }
  }

  /// Returns a text for people in the wording of the run's files.
  String worded(String text) {
    return wording.apply(text);
  }

  /// Returns everything that the bits of the result depend on, as text by name; the number of
  /// threads is not included.
  Map<String, String> identity() {
    var identity = new LinkedHashMap<String, String>();
    for (InputFile input : inputs) {
      identity.put(
          "%s %s".formatted(input.role(), input.path().getFileName()), "SHA-256 " + input.sha256());
    }
    identity.put("budget", text(plan.budget()));
    if (given == null) {
      putPruning(identity);
    } else {
      identity.put("given", given);
    }
    if (options.retraining() != null) {
      putAll(identity, options.retraining().values());
    }
    identity.put("memory", "%d bytes for samples on their way".formatted(plan.passBytes()));
    identity.put(
        "input-shape",
        options.inputShapes() == null ? "default" : options.inputShapes().toString());
    if (!options.inputs().isEmpty()) {
      identity.put(
          "input",
          options.inputs().stream().map(InputValue::toString).collect(Collectors.joining(" ")));
    }
    List<String> axes =
        network.inputs().stream()
            .filter(input -> input.exampleAxis() != null)
            .map(input -> "%s=%d".formatted(input.name(), input.axisOfExamples()))
            .toList();
    if (!axes.isEmpty()) {
      identity.put("batch-axis", String.join(",", axes));
    }
    identity.put("loss", options.loss().id());
    identity.put("seed", Long.toString(options.seed()));
    identity.put("preprocessing", preprocessing == null ? "none" : preprocessing.toString());
    identity.put("format", format.id());
    identity.put(VERSION, Versions.falcon());
    return identity;
  }

  private void putPruning(Map<String, String> identity) {
    identity.put("macs", plan.asked().macs().toString());
    identity.put("nnz", plan.asked().nnz().toString());
    for (ResourceRequest resource : plan.asked().resources()) {
      identity.put(
          "budget " + resource.name(),
          "%s of %s".formatted(resource.amount(), resource.costs().identity()));
    }
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
    if (!options.pattern().equals(SparsityPattern.SCATTERED)) {
      identity.put("pattern", options.pattern().toString());
    }
    if (!options.path().isEmpty()) {
      identity.put("path", options.path().toString());
    }
    identity.put("gradients", gradients());
    putAll(identity, options.refinement().values());
    identity.put("steps", Integer.toString(plan.steps()));
    identity.put(
        "learning-rate", plan.learningRate() == null ? "none" : plan.learningRate().toString());
  }

  private static void putAll(Map<String, String> identity, Map<String, @Nullable Object> values) {
    values.forEach(
        (name, value) -> identity.put(name, value == null ? "default" : value.toString()));
  }

  /// Returns the part of the memory plan that affects the bits of the result.
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
