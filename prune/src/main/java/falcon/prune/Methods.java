package falcon.prune;

import falcon.torch.Refinement;

/// The choices that a user need not make; each was made on validation data, see `docs/results`.
final class Methods {
  /// Stages of falcon++.
  private static final int STAGES = 1;

  /// The same where the low-rank quadratic is solved anew in each stage.
  private static final int BACKSOLVE_STAGES = 10;

  /// First budget of several stages, as a multiple of the last.
  static final double STAGE_START = 2;

  /// Calibration images of a stage, for least squares.
  static final int LAYER_SAMPLES = 512;

  /// Calibration images of a stage, for rows of the gradient matrix.
  static final int GRADIENT_SAMPLES = 1000;

  /// Ridge of the low-rank quadratic.
  static final double RIDGE = 1e-2;

  /// NNZ share over MAC share where the saliency is plain squares.
  static final double SQUARES_NNZ_PER_MACS = 1.2;

  /// Samples of a refinement step.
  static final int BATCH = 32;

  private static final int STEPS = 60;
  private static final int FINAL_STEPS = 1200;
  private static final int QUICK_STEPS = 60;

  private static final double COST_EXPONENT = 0.25;
  private static final int SEARCH_STEPS = 32;
  private static final int QUICK_SEARCH_STEPS = 16;
  private static final int SEARCH_DESCENT = 5;
  private static final double SEARCH_STEP_SIZE = 0;
  private static final double SEARCH_START = 3.5;
  private static final int POSITIONS = 16;
  private static final double LEAST_SQUARES_RIDGE = 1e-2;
  private static final double LEARNING_RATE = 0.015;

  /// Few steps do not settle at a larger rate.
  private static final double QUICK_LEARNING_RATE = 0.01;

  private static final double OUTPUT_WEIGHT = 1;
  private static final double FEATURE_WEIGHT = 1;

  private Methods() {}

  /// Stages of falcon++ where nothing else is asked for.
  static int stages(Refit refit) {
    return refit == Refit.BACKSOLVE ? BACKSOLVE_STAGES : STAGES;
  }

  /// Refinement steps of all stages, for estimates.
  static int steps(Method method, int stages) {
    return method == Method.FALCON ? QUICK_STEPS : (stages - 1) * STEPS + FINAL_STEPS;
  }

  static PruningMethod of(PruningOptions options, PruningPlan plan) {
    return switch (plan.refit()) {
      case NONE -> new MagnitudeMethod();
      case BACKSOLVE ->
          new BacksolveMethod(
              options.curvature() == null ? Curvature.LOGITS : options.curvature(),
              options.ridge() == null ? RIDGE : options.ridge(),
              options.block() == null ? 0 : options.block());
      case RECONSTRUCT, AUTO ->
          new ReconstructionMethod(reconstruction(options.method()), MaskProjection.EXACT);
    };
  }

  /// What [Refit#RECONSTRUCT] does.
  static ReconstructionMethod.Settings reconstruction(Method method) {
    boolean isQuick = method == Method.FALCON;
    return new ReconstructionMethod.Settings(
        COST_EXPONENT,
        isQuick ? QUICK_SEARCH_STEPS : SEARCH_STEPS,
        SEARCH_DESCENT,
        SEARCH_STEP_SIZE,
        SEARCH_START,
        POSITIONS,
        LEAST_SQUARES_RIDGE,
        STEPS,
        isQuick ? QUICK_STEPS : FINAL_STEPS,
        new Refinement.Options(
            BATCH, isQuick ? QUICK_LEARNING_RATE : LEARNING_RATE, OUTPUT_WEIGHT, FEATURE_WEIGHT),
        0);
  }
}
