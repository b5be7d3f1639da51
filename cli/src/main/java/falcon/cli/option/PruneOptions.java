package falcon.cli.option;

import falcon.budget.SparsityPattern;
import falcon.model.layer.LayerSelection;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.Curvature;
import falcon.prune.options.Effort;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import falcon.prune.options.RetrainingOptions;
import falcon.prune.options.RetrainingSchedule;
import falcon.prune.options.Schedule;
import falcon.prune.options.WeightSaliency;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options of pruning; omitted ones get defaults that suit the method.
public final class PruneOptions {
  @Option(
      names = "--method",
      paramLabel = "NAME",
      description =
          "falcon++ (thorough, the default), falcon (quick) or magnitude (projection of"
              + " the weights alone).")
  private @Nullable Method method;

  @Option(
      names = "--effort",
      paramLabel = "LEVEL",
      description =
          "How much is done for accuracy: quick (falcon), normal (falcon++, the default), high (falcon++"
              + " with 8,000 refinement steps: about ten minutes for a ResNet20 on two processors), or a"
              + " number of steps.")
  private @Nullable Effort effort;

  @Option(
      names = "--saliency",
      paramLabel = "NAME",
      description =
          "What magnitude compares weights by: squares (as they are, the default) or scale-free (in units"
              + " that do not depend on how the network is scaled).")
  private @Nullable WeightSaliency saliency;

  @Option(
      names = "--pattern",
      paramLabel = "NAME",
      description =
          "Shape of the zeros: scattered (any weight, the default), blocks (four neighbouring outputs share"
              + " them) or N:M (at most N of M weights along the input stay), 2:4 for instance.")
  private SparsityPattern pattern = SparsityPattern.SCATTERED;

  @Option(
      names = "--stages",
      paramLabel = "K",
      description = "Number of stages of falcon++, 1 or more.")
  private @Nullable Integer stages;

  @Option(names = "--samples", paramLabel = "N", description = "Calibration samples of each stage.")
  private @Nullable Integer samples;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      description = "How budgets shrink from stage to stage: cubic or geometric.")
  private @Nullable Schedule schedule;

  @Option(
      names = "--refit",
      paramLabel = "NAME",
      description = "How kept weights are re-fitted: auto, reconstruct, backsolve or none.")
  private Refit refit = Refit.AUTO;

  @Option(
      names = "--curvature",
      paramLabel = "NAME",
      description = "Gradients of what, for backsolve: logits or empirical (the paper's).")
  private @Nullable Curvature curvature;

  @Option(
      names = "--loss",
      paramLabel = "NAME",
      description = {
        "What the pruned network is to do well: labels (cross-entropy, judged by accuracy); self (no"
            + " labels: a classifier's own, judged by agreement with the dense network; other networks"
            + " as outputs); outputs (their squared change, judged by fidelity: the share of their"
            + " variance that is reproduced);",
        "or auto, the default: labels where data and network have classes, else self."
      })
  private Loss loss = Loss.AUTO;

  @Option(
      names = "--ridge",
      paramLabel = "LAMBDA",
      description = "Ridge of the quadratic, for backsolve: a number above 0, or auto.")
  private @Nullable Ridge ridge;

  @Option(
      names = "--block",
      paramLabel = "N",
      description = "Weights solved together by backsolve: a number, or full.")
  private @Nullable Block block;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Refinement steps of the last stage, 0 to 1,000,000; an earlier stage takes at most 60. Default:"
              + " 1200 with falcon++, 120 with falcon.")
  private @Nullable Integer steps;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description =
          "Greatest learning rate of the refinement, as a share of the weights' root mean square, at"
              + " most 1. Default: 0.015 with falcon++, 0.01 with falcon.")
  private @Nullable Double learningRate;

  @Option(
      names = "--bn-refresh",
      paramLabel = "WHEN",
      description =
          "Estimate BatchNorm statistics anew: auto (where it helps on validation data), on or off.")
  private BatchNormPolicy batchNorm = BatchNormPolicy.AUTO;

  @Option(
      names = "--min-keep",
      split = ",",
      paramLabel = "AMOUNT",
      description =
          "Weights that every layer keeps at least: 5%% or 200; PATTERN=5%% for layers of such names."
              + " Several: separated by commas, or the option again; the last that fits counts.")
  private List<KeepFloor> floors = List.of();

  @Option(
      names = "--retrain",
      paramLabel = "N",
      description =
          "Epochs of retraining after pruning: passes over the training samples that are not held out, with"
              + " all zeros held. Takes far longer than the pruning.")
  private @Nullable Integer retrained;

  @Option(
      names = "--retrain-schedule",
      paramLabel = "NAME",
      description =
          "one-shot (the default): all epochs on the last mask; gradual: budgets shrink over --stages"
              + " (else 4), with epochs after each, half of them on the last mask.")
  private @Nullable RetrainingSchedule retrainSchedule;

  @Option(
      names = "--retrain-rate",
      paramLabel = "X",
      description =
          "Greatest learning rate of the retraining; else found by short trainings on held-out samples.")
  private @Nullable Double retrainRate;

  @Mixin private final SeedOptions seeds = new SeedOptions();
  @Mixin private final RetrainOptions retrainOptions = new RetrainOptions();

  @Option(
      names = "--scratch",
      paramLabel = "DIR",
      description =
          "Folder on a disk for gradients that do not fit in memory, for backsolve. Default: that of the"
              + " system.")
  private @Nullable Path scratch;

  /// Returns the options of pruning, completed by values that other groups of options hold.
  public PruningOptions options(
      int threads, @Nullable Long memoryBytes, ModelOptions model, LayerSelection selection) {
    return effort()
        .stages(stages)
        .samples(samples)
        .saliency(saliency)
        .pattern(pattern)
        .schedule(schedule)
        .refit(refit)
        .curvature(curvature)
        .ridge(ridge == null ? null : ridge.value())
        .block(block == null ? null : block.weights())
        .batchNorm(batchNorm)
        .learningRate(learningRate)
        .seed(seeds.seed())
        .retraining(retraining())
        .threads(threads)
        .memoryBytes(memoryBytes)
        .scratch(scratch)
        .loss(loss)
        .inputShapes(model.inputShapes())
        .inputs(model.inputs())
        .selection(selection)
        .floors(floors)
        .build();
  }

  /// Returns whether the method is magnitude pruning.
  public boolean isMagnitude() {
    return method == Method.MAGNITUDE;
  }

  /// Returns a builder with method and steps.
  private PruningOptions.Builder effort() {
    if (effort == null) {
      return PruningOptions.builder()
          .method(method == null ? Method.FALCON_PLUS_PLUS : method)
          .steps(steps);
    }
    requireOne(method == null, falcon.prune.options.Option.METHOD);
    requireOne(steps == null, falcon.prune.options.Option.STEPS);
    return PruningOptions.builder().effort(effort);
  }

  private static void requireOne(boolean holds, falcon.prune.options.Option other) {
    if (!holds) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s stands for a method and a number of steps, so %s cannot be given beside it.%nSay one of them."
              .formatted(falcon.prune.options.Option.EFFORT, other));
    }
  }

  private @Nullable RetrainingOptions retraining() {
    if (retrained != null) {
      return retrainOptions
          .options(retrained, retrainRate)
          .withSchedule(Objects.requireNonNullElse(retrainSchedule, RetrainingSchedule.ONE_SHOT));
    }
    String typed =
        retrainRate != null
            ? "--retrain-rate"
            : retrainSchedule != null
                ? "--retrain-schedule"
                : retrainOptions.typed().stream().findFirst().orElse(null);
    if (typed != null) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s would have no effect here: nothing is retrained without %s."
              .formatted(typed, falcon.prune.options.Option.RETRAIN));
    }
    return null;
  }
}
