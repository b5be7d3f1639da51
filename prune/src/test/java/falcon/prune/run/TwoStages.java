package falcon.prune.run;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.prune.Falcon;
import falcon.prune.Pruning;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A run of two stages that can be gone on with after the first one.
record TwoStages(Pruning pruning, PruningOptions options) {
  static TwoStages of(Network network, Dataset data) {
    PruningOptions options =
        PruningOptions.builder().stages(2).loss(Loss.OUTPUTS).samples(64).threads(2).build();
    Pruning pruning =
        Falcon.prune(network, data, BudgetRequest.macs(0.4))
            .options(options)
            .method(
                new ReconstructionMethod(
                    ReconstructionMethod.defaults(Method.FALCON).withSteps(3),
                    MaskProjection.EXACT));
    return new TwoStages(pruning, options);
  }

  /// Runs both stages, removes the second one from the folder, and goes on from the first one.
  PrunedNetwork resumed(Path stages) throws IOException {
    var description =
        RunDescription.builder(pruning.network(), pruning.plan(), options)
            .command("./falcon prune")
            .build();
    pruning.stages(new ResumableStages(stages, description, System::nanoTime)).run();
    Path second = stages.resolve("02");
    try (var files = Files.list(second)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(second);
    return pruning.stages(new ResumableStages(stages, description, System::nanoTime)).run();
  }
}
