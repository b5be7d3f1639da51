package falcon.prune.options;

import falcon.model.Network;
import falcon.model.layer.LayerSelection;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How to prune: everything but network, data and budget. Immutable; null means "what suits the method".
///
/// @param method way to choose and re-fit weights
/// @param stages number of stages of [Method#FALCON_PLUS_PLUS], 1 or more
/// @param samples calibration images of a stage
/// @param curvature rows of the gradient matrix (re-fitting by backsolve only)
/// @param ridge λ ≥ 0 of the quadratic (backsolve only)
/// @param block weights solved together by the backsolve, 0 for all
/// @param refit how the kept weights are re-fitted
/// @param batchNorm whether BatchNormalization is refreshed
/// @param schedule how budgets shrink from stage to stage
/// @param seed of every random choice
/// @param threads how many threads work; does not change the result
/// @param memoryBytes resident memory that the run is planned for; null for 70 % of what is free
/// @param scratch folder for temporary files that do not fit in memory; null for the system's
/// @param inputShapes shapes of one example where the network leaves axes open and the data do not tell
/// @param loss what a pruned network is to do well
/// @param selection which layers are pruned
/// @param floors how many weights layers keep at least; where several are for a layer, the last counts
public record PruningOptions(
    Method method,
    @Nullable Integer stages,
    @Nullable Integer samples,
    @Nullable Curvature curvature,
    @Nullable Double ridge,
    @Nullable Integer block,
    Refit refit,
    BatchNormPolicy batchNorm,
    @Nullable Schedule schedule,
    long seed,
    int threads,
    @Nullable Long memoryBytes,
    @Nullable Path scratch,
    @Nullable ExampleShapes inputShapes,
    Loss loss,
    LayerSelection selection,
    List<KeepFloor> floors) {

  public PruningOptions {
    floors = List.copyOf(floors);
  }

  /// The network for examples of the shapes given.
  ///
  /// @throws PruningException if it does not take such examples
  public Network shaped(Network network) {
    return inputShapes == null ? network : inputShapes.appliedTo(network);
  }

  /// What a newcomer should get: several stages, everything else by itself, seed 1, all processors.
  public static PruningOptions defaults() {
    return builder().build();
  }

  /// Starts from the defaults.
  public static Builder builder() {
    return new Builder();
  }

  /// Collects options.
  public static final class Builder {
    private Method method = Method.FALCON_PLUS_PLUS;
    private @Nullable Integer stages;
    private @Nullable Integer samples;
    private @Nullable Curvature curvature;
    private @Nullable Double ridge;
    private @Nullable Integer block;
    private Refit refit = Refit.AUTO;
    private BatchNormPolicy batchNorm = BatchNormPolicy.AUTO;
    private @Nullable Schedule schedule;
    private long seed = 1;
    private @Nullable Long memoryBytes;
    private @Nullable Path scratch;
    private LayerSelection selection = LayerSelection.DEFAULT;
    private List<KeepFloor> floors = List.of();
    private int threads = Runtime.getRuntime().availableProcessors();

    private @Nullable ExampleShapes inputShapes;
    private Loss loss = Loss.AUTO;

    private Builder() {}

    public Builder method(Method value) {
      method = Objects.requireNonNull(value);
      return this;
    }

    public Builder stages(@Nullable Integer value) {
      stages = value;
      return this;
    }

    public Builder samples(@Nullable Integer value) {
      samples = value;
      return this;
    }

    public Builder curvature(@Nullable Curvature value) {
      curvature = value;
      return this;
    }

    public Builder ridge(@Nullable Double value) {
      ridge = value;
      return this;
    }

    public Builder block(@Nullable Integer value) {
      block = value;
      return this;
    }

    public Builder refit(Refit value) {
      refit = Objects.requireNonNull(value);
      return this;
    }

    public Builder batchNorm(BatchNormPolicy value) {
      batchNorm = Objects.requireNonNull(value);
      return this;
    }

    public Builder schedule(@Nullable Schedule value) {
      schedule = value;
      return this;
    }

    public Builder seed(long value) {
      seed = value;
      return this;
    }

    public Builder threads(int value) {
      threads = value;
      return this;
    }

    public Builder memoryBytes(@Nullable Long value) {
      memoryBytes = value;
      return this;
    }

    public Builder scratch(@Nullable Path value) {
      scratch = value;
      return this;
    }

    public Builder inputShapes(@Nullable ExampleShapes value) {
      inputShapes = value;
      return this;
    }

    public Builder loss(Loss value) {
      loss = Objects.requireNonNull(value);
      return this;
    }

    public Builder selection(LayerSelection value) {
      selection = Objects.requireNonNull(value);
      return this;
    }

    public Builder floors(List<KeepFloor> value) {
      floors = List.copyOf(value);
      return this;
    }

    public PruningOptions build() {
      return new PruningOptions(
          method,
          stages,
          samples,
          curvature,
          ridge,
          block,
          refit,
          batchNorm,
          schedule,
          seed,
          threads,
          memoryBytes,
          scratch,
          inputShapes,
          loss,
          selection,
          floors);
    }
  }
}
