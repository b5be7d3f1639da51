package falcon.prune.plan;

import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import org.jspecify.annotations.Nullable;

/// The numbers that a user need not choose; each was chosen on validation data, see `docs/results`.
public final class Defaults {
  /// The number of stages of falcon++.
  static final int STAGES = 1;

  /// The number of stages of falcon++ with [Refit#BACKSOLVE], which computes a new quadratic in
  /// each.
  static final int BACKSOLVE_STAGES = 10;

  /// The least number of stages where the network is retrained after each.
  static final int GRADUAL_STAGES = 4;

  /// The first budget of several stages, as a multiple of the last.
  static final double STAGE_START = 2;

  /// The number of calibration samples of a stage, for least squares.
  static final int LAYER_SAMPLES = 512;

  /// The number of calibration samples of a stage, for rows of the gradient matrix.
  static final int GRADIENT_SAMPLES = 1000;

  /// The ridge λ of the low-rank quadratic.
  public static final double RIDGE = 1e-2;

  /// The NNZ share divided by the MAC share where the saliency is plain squares.
  static final double SQUARES_NNZ_PER_MACS = 1.2;

  /// The number of samples of a refinement step.
  public static final int BATCH = 32;

  /// The number of refinement steps of a stage of falcon++ that is not the last one.
  public static final int STEPS = 60;

  /// The number of refinement steps of the last stage of falcon++.
  public static final int FINAL_STEPS = 1200;

  /// The number of refinement steps of falcon.
  public static final int QUICK_STEPS = 120;

  /// The number of refinement steps of falcon where it starts from a network that was pruned to a
  /// greater budget.
  static final int PATH_STEPS = 60;

  /// The number of projections in the support search of falcon++.
  public static final int SEARCH_STEPS = 32;

  /// The number of projections in the support search of falcon.
  public static final int QUICK_SEARCH_STEPS = 16;

  /// The number of conjugate gradient steps of all layers between two projections.
  public static final int SEARCH_DESCENT = 5;

  /// The first budget of the search, as a multiple of the last.
  public static final double SEARCH_START = 3.5;

  /// The number of output positions of each sample that enter the least squares.
  public static final int POSITIONS = 16;

  /// The ridge κ of the least squares, relative to the mean diagonal.
  public static final double LEAST_SQUARES_RIDGE = 1e-2;

  /// The learning rate of the refinement of falcon++, as a share of the root mean square of a
  /// tensor's kept weights.
  public static final double LEARNING_RATE = 0.015;

  /// The learning rate of the refinement of falcon: few steps do not settle at a larger rate.
  public static final double QUICK_LEARNING_RATE = 0.01;

  /// The weight of the outputs' term in the refinement.
  public static final double OUTPUT_WEIGHT = 1;

  /// The weight of the features' term in the refinement.
  public static final double FEATURE_WEIGHT = 1;

  private Defaults() {}

  /// Returns the default number of stages of falcon++.
  static int stages(Refit refit) {
    return refit == Refit.BACKSOLVE ? BACKSOLVE_STAGES : STAGES;
  }

  /// Refinement steps of the last stage.
  ///
  /// @return 0 where nothing is refined
  static int lastSteps(PruningOptions options, Refit refit) {
    if (refit != Refit.RECONSTRUCT) {
      return 0;
    }
    Integer asked = options.refinement().steps();
    if (asked != null) {
      return asked;
    }
    if (options.method() != Method.FALCON) {
      return FINAL_STEPS;
    }
    return options.path().isEmpty() ? QUICK_STEPS : PATH_STEPS;
  }

  /// Greatest learning rate of the refinement.
  ///
  /// @return null where nothing is refined
  static @Nullable Double learningRate(PruningOptions options, Refit refit) {
    if (lastSteps(options, refit) == 0) {
      return null;
    }
    Double asked = options.refinement().learningRate();
    return asked != null ? asked : learningRate(options.method());
  }

  /// Greatest learning rate of a method's refinement where nothing else is asked for.
  public static double learningRate(Method method) {
    return method == Method.FALCON ? QUICK_LEARNING_RATE : LEARNING_RATE;
  }

  /// Refinement steps of a stage that is not the last one.
  ///
  /// @param last steps of the last stage
  public static int earlySteps(int last) {
    return Math.min(STEPS, last);
  }

  /// Returns the number of refinement steps of all stages, for estimates.
  static long steps(PruningOptions options, Refit refit, int stages) {
    int last = lastSteps(options, refit);
    return (stages - 1L) * earlySteps(last) + last;
  }
}
