package falcon.prune.method;

import falcon.prune.options.Curvature;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.Defaults;
import falcon.prune.plan.PruningPlan;
import falcon.torch.training.Refinement;

/// Makes the [PruningMethod] that options ask for.
public final class Methods {
  private Methods() {}

  public static PruningMethod of(PruningOptions options, PruningPlan plan) {
    return switch (plan.refit()) {
      case NONE -> new MagnitudeMethod();
      case BACKSOLVE ->
          new BacksolveMethod(
              options.curvature() == null ? Curvature.LOGITS : options.curvature(),
              options.ridge() == null ? Defaults.RIDGE : options.ridge(),
              options.block() == null ? 0 : options.block());
      case RECONSTRUCT, AUTO ->
          new ReconstructionMethod(reconstruction(options.method()), MaskProjection.EXACT);
    };
  }

  /// What [Refit#RECONSTRUCT] does.
  static ReconstructionMethod.Settings reconstruction(Method method) {
    boolean isQuick = method == Method.FALCON;
    return new ReconstructionMethod.Settings(
        Defaults.COST_EXPONENT,
        isQuick ? Defaults.QUICK_SEARCH_STEPS : Defaults.SEARCH_STEPS,
        Defaults.SEARCH_DESCENT,
        Defaults.SEARCH_START,
        Defaults.POSITIONS,
        Defaults.LEAST_SQUARES_RIDGE,
        Defaults.STEPS,
        isQuick ? Defaults.QUICK_STEPS : Defaults.FINAL_STEPS,
        new Refinement.Options(
            Defaults.BATCH,
            isQuick ? Defaults.QUICK_LEARNING_RATE : Defaults.LEARNING_RATE,
            Defaults.OUTPUT_WEIGHT,
            Defaults.FEATURE_WEIGHT));
  }
}
