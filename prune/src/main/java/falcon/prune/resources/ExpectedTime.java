package falcon.prune.resources;

import falcon.model.layer.Layers;
import falcon.prune.options.Refit;

/// The expected duration of a run: an order of magnitude, from the number of passes over samples.
///
/// @param forward seconds of one sample's forward pass with all threads
public record ExpectedTime(double forward) {
  /// The number of multiply-accumulates per second of one thread on an ordinary processor.
  private static final double MACS_PER_SECOND = 4e10;

  /// The cost of a forward and a backward pass with their overhead, in forward passes.
  private static final double STEP_PASSES = 5;

  /// The cost of a single sample's gradients, in forward passes.
  private static final double GRADIENT_PASSES = 10;

  /// The number of validation passes in addition to those of the stages.
  private static final int VALIDATIONS = 3;

  /// Returns the expected time for a network's layers.
  public static ExpectedTime of(Layers layers, int threads) {
    return new ExpectedTime(layers.totalMacs() / MACS_PER_SECOND / threads);
  }

  /// Returns the expected seconds of a whole run.
  ///
  /// @param samples number of calibration samples of a stage
  /// @param validation number of held-out samples
  /// @param refined number of samples of all refinement steps together
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
