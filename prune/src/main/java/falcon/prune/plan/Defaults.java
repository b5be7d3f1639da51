package falcon.prune.plan;

import falcon.prune.options.Method;
import falcon.prune.options.Refit;

/// The numbers that a user need not choose; each was chosen on validation data, see `docs/results`.
public final class Defaults {
  /// Stages of falcon++.
  static final int STAGES = 1;

  /// The same where the low-rank quadratic is solved anew in each stage.
  static final int BACKSOLVE_STAGES = 10;

  /// First budget of several stages, as a multiple of the last.
  static final double STAGE_START = 2;

  /// Calibration images of a stage, for least squares.
  static final int LAYER_SAMPLES = 512;

  /// Calibration images of a stage, for rows of the gradient matrix.
  static final int GRADIENT_SAMPLES = 1000;

  /// Ridge of the low-rank quadratic.
  public static final double RIDGE = 1e-2;

  /// NNZ share over MAC share where the saliency is plain squares.
  static final double SQUARES_NNZ_PER_MACS = 1.2;

  /// Samples of a refinement step.
  public static final int BATCH = 32;

  public static final int STEPS = 60;
  public static final int FINAL_STEPS = 1200;
  public static final int QUICK_STEPS = 60;

  public static final double COST_EXPONENT = 0.25;
  public static final int SEARCH_STEPS = 32;
  public static final int QUICK_SEARCH_STEPS = 16;
  public static final int SEARCH_DESCENT = 5;
  public static final double SEARCH_START = 3.5;
  public static final int POSITIONS = 16;
  public static final double LEAST_SQUARES_RIDGE = 1e-2;
  public static final double LEARNING_RATE = 0.015;

  /// Few steps do not settle at a larger rate.
  public static final double QUICK_LEARNING_RATE = 0.01;

  public static final double OUTPUT_WEIGHT = 1;
  public static final double FEATURE_WEIGHT = 1;

  private Defaults() {}

  /// Stages of falcon++ where nothing else is asked for.
  static int stages(Refit refit) {
    return refit == Refit.BACKSOLVE ? BACKSOLVE_STAGES : STAGES;
  }

  /// Refinement steps of all stages, for estimates.
  static int steps(Method method, int stages) {
    return method == Method.FALCON ? QUICK_STEPS : (stages - 1) * STEPS + FINAL_STEPS;
  }
}
