package falcon.prune;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.layer.Layers;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Failure;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/// Runs damaged networks in a process of its own, so that one that ends the process ends this one
/// alone.
final class MutantRunner {
  /// Marks an outcome that is a fault of Falcon.
  static final String FAULT = "FAULT";

  /// Marks a refusal that names no place.
  static final String NOWHERE = "NOWHERE";

  /// The last line, if the process got so far.
  static final String DONE = "DONE";

  /// Samples of noise that the networks get.
  private static final int SAMPLES = 40;

  /// What a message has to name: a node, or a tensor, value, input or output.
  private static final Pattern PLACE =
      Pattern.compile(
          "node '|node that makes|node without a name|[Tt]ensor '|[Ll]ayer '|[Ii]nputs?"
              + " |[Oo]utputs? |value|constant|array '|network takes|network has|initializer");

  private MutantRunner() {}

  /// Runs mutants `first` (inclusive) to `last` (exclusive).
  ///
  /// @param args folder for data, first, last, seed
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    int first = Integer.parseInt(args[1]);
    int last = Integer.parseInt(args[2]);
    long seed = Long.parseLong(args[3]);
    List<SuiteNetwork> suite = SuiteNetwork.all();
    Map<String, Dataset> data = new HashMap<>();
    Map<String, Network> networks = new HashMap<>();
    PrintStream out = System.out;
    for (int i = first; i < last; i++) {
      SuiteNetwork one = suite.get(Math.floorMod(i, suite.size()));
      if (!data.containsKey(one.name())) {
        Path own = Files.createTempDirectory(folder, one.name());
        data.put(one.name(), one.data(own, SAMPLES));
        networks.put(one.name(), Networks.read(one.file()));
      }
      Mutation.Mutant mutant =
          Mutation.of(Objects.requireNonNull(networks.get(one.name())), seed + i);
      out.printf("BEGIN %d %s: %s%n", i, one.name(), mutant.said());
      out.flush();
      String outcome =
          mutant.refusal().isEmpty()
              ? run(mutant.network(), Objects.requireNonNull(data.get(one.name())), i)
              : "refused by the reader: " + mutant.refusal();
      out.printf("END %d %s%n", i, outcome.replace("\r", "").replace("\n", " | "));
      out.flush();
    }
    out.println(DONE);
    out.flush();
    System.exit(0);
  }

  private static String run(Network network, Dataset data, int number) {
    var outcome = new StringBuilder();
    outcome.append(step("inspect", () -> Layers.of(network)));
    outcome.append(
        step(
            "weights",
            () ->
                Falcon.prune(network, BudgetRequest.nnz(0.5))
                    .options(options(Method.MAGNITUDE))
                    .run()));
    outcome.append(
        step(
            "magnitude",
            () ->
                Falcon.prune(network, data, BudgetRequest.nnz(0.5))
                    .options(options(Method.MAGNITUDE))
                    .run()));
    outcome.append(step("falcon", () -> refitted(network, data, Method.FALCON)));
    if (number % 4 == 0) {
      outcome.append(step("falcon++", () -> refitted(network, data, Method.FALCON_PLUS_PLUS)));
    }
    if (number % 4 == 2) {
      outcome.append(step("backsolve", () -> backsolved(network, data)));
    }
    return outcome.toString();
  }

  /// A few steps of the refinement tell as much as many.
  private static void refitted(Network network, Dataset data, Method method) {
    Falcon.prune(network, data, BudgetRequest.macs(0.5))
        .options(options(method))
        .method(
            new ReconstructionMethod(
                ReconstructionMethod.defaults(method).withSteps(1).withSearchSteps(3),
                MaskProjection.EXACT))
        .run();
  }

  private static void backsolved(Network network, Dataset data) {
    Falcon.prune(network, data, BudgetRequest.macs(0.5))
        .options(
            PruningOptions.builder()
                .method(Method.FALCON)
                .refit(Refit.BACKSOLVE)
                .samples(8)
                .loss(Loss.SELF)
                .threads(1)
                .build())
        .run();
  }

  private static PruningOptions options(Method method) {
    PruningOptions.Builder options =
        PruningOptions.builder().method(method).loss(Loss.SELF).threads(1);
    return method == Method.MAGNITUDE ? options.build() : options.samples(16).build();
  }

  private static String step(String name, Runnable task) {
    try {
      task.run();
      return name + ": works; ";
    } catch (Throwable e) {
      Failure failure = Failure.of(e);
      String kind = failure.kind() == null ? FAULT : failure.kind().toString();
      boolean isPlaced =
          failure.kind() == PruningException.Kind.BUDGET || PLACE.matcher(failure.message()).find();
      String trace = "";
      if (failure.kind() == null) {
        var text = new StringWriter();
        e.printStackTrace(new PrintWriter(text));
        trace =
            " @ " + text.toString().lines().limit(9).reduce((a, b) -> a + " < " + b.strip()).get();
      }
      return "%s: %s%s %s%s; "
          .formatted(name, kind, isPlaced ? "" : " " + NOWHERE, failure.message(), trace);
    }
  }
}
