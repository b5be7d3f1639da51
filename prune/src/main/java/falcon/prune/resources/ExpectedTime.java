package falcon.prune.resources;

import falcon.model.layer.Layers;
import falcon.prune.options.Refit;

/// Seconds that a run is expected to take: an order of magnitude, from the passes that it makes.
///
/// @param forward seconds of one sample's forward pass with all threads
public record ExpectedTime(double forward) {
  /// Multiply-accumulates that one thread does in a second on an ordinary processor.
  private static final double MACS_PER_SECOND = 4e10;

  /// Forward and backward pass and their overhead, in forward passes.
  private static final double STEP_PASSES = 5;

  /// Gradients of single samples, in forward passes.
  private static final double GRADIENT_PASSES = 10;

  /// Validation passes beside those of the stages.
  private static final int VALIDATIONS = 3;

  /// The time of a network.
  public static ExpectedTime of(Layers layers, int threads) {
    return new ExpectedTime(layers.totalMacs() / MACS_PER_SECOND / threads);
  }

  /// Seconds of a whole run.
  ///
  /// @param samples calibration samples of a stage
  /// @param validation held-out samples
  /// @param refined samples that all refinement steps see in all
  public double seconds(Refit refit, int stages, int samples, int validation, long refined) {
    double perStage =
        switch (refit) {
          case NONE -> 0;
          case BACKSOLVE -> samples * GRADIENT_PASSES * forward;
          case RECONSTRUCT, AUTO -> samples * STEP_PASSES * forward;
        };
    double judged = validation * forward;
    return VALIDATIONS * judged + stages * (perStage + judged) + refined * STEP_PASSES * forward;
  }
}
