package falcon.prune.options;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The options of the steps on the pruned network as a whole, once the weights of its layers are
/// re-fitted.
///
/// @param batchNorm whether the statistics of BatchNormalization are estimated again after the last
///     stage
/// @param steps number of refinement steps of the last stage, 0 to [#MOST_STEPS]; an earlier stage
///     takes as many, at most 60; null for 1,200 with [Method#FALCON_PLUS_PLUS] and 120 with
///     [Method#FALCON]; a run without [Refit#RECONSTRUCT] refuses a number
/// @param learningRate greatest learning rate of the refinement, as a share of the root mean square
///     of a tensor's kept weights, above 0 and at most [#GREATEST_LEARNING_RATE]; null for 0.015
///     with [Method#FALCON_PLUS_PLUS] and 0.01 with [Method#FALCON]; a run without refinement steps
///     refuses a number
public record RefinementOptions(
    BatchNormPolicy batchNorm, @Nullable Integer steps, @Nullable Double learningRate) {
  /// Greatest number of steps.
  public static final int MOST_STEPS = 1_000_000;

  /// Greatest learning rate: a step as large as the weights themselves.
  public static final double GREATEST_LEARNING_RATE = 1;

  /// Statistics of BatchNormalization are taken where they help on validation samples; steps and
  /// learning rate are those of the method.
  public static final RefinementOptions DEFAULT =
      new RefinementOptions(BatchNormPolicy.AUTO, null, null);

  /// Returns the same options with another policy for BatchNormalization.
  public RefinementOptions withBatchNorm(BatchNormPolicy value) {
    return new RefinementOptions(value, steps, learningRate);
  }

  /// Returns the same options with another number of refinement steps.
  ///
  /// @param value 0 to [#MOST_STEPS]; null for what suits the method
  public RefinementOptions withSteps(@Nullable Integer value) {
    return new RefinementOptions(batchNorm, value, learningRate);
  }

  /// Returns the same options with another learning rate.
  ///
  /// @param value above 0 and at most [#GREATEST_LEARNING_RATE]; null for what suits the method
  public RefinementOptions withLearningRate(@Nullable Double value) {
    return new RefinementOptions(batchNorm, steps, value);
  }

  /// Returns the report's values of these options, by name, in the order of the report. Steps and
  /// learning rate are left out: the plan of a run has their final values.
  public Map<String, @Nullable Object> values() {
    var values = new LinkedHashMap<String, @Nullable Object>();
    values.put("bn-refresh", batchNorm.id());
    return values;
  }
}
