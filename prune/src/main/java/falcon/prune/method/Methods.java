package falcon.prune.method;

import falcon.prune.options.BacksolveOptions;
import falcon.prune.options.Curvature;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.Defaults;
import falcon.prune.plan.PruningPlan;
import falcon.torch.training.Refinement;

/// Creates the [PruningMethod] that options ask for.
public final class Methods {
  private Methods() {}

  /// Returns the method for a plan's re-fit.
  ///
  /// @param options the options that the plan was made from
  public static PruningMethod of(PruningOptions options, PruningPlan plan) {
    return switch (plan.refit()) {
      case NONE -> MagnitudeMethod.of(options);
      case BACKSOLVE -> backsolve(options.refit().backsolve());
      case RECONSTRUCT, AUTO ->
          new ReconstructionMethod(reconstruction(options, plan), MaskProjection.EXACT);
    };
  }

  private static ReconstructionMethod.Settings reconstruction(
      PruningOptions options, PruningPlan plan) {
    ReconstructionMethod.Settings usual = reconstruction(options.method());
    Double rate = plan.learningRate();
    ReconstructionMethod.Settings settings = rate == null ? usual : usual.withLearningRate(rate);
    return settings.withRefining(
        settings.refining().withSteps(Defaults.earlySteps(plan.steps()), plan.steps()));
  }

  /// Returns the method of [Refit#BACKSOLVE]; options that are not set have their defaults.
  private static PruningMethod backsolve(BacksolveOptions options) {
    return new BacksolveMethod(
        options.curvature() == null ? Curvature.LOGITS : options.curvature(),
        options.ridge() == null ? Defaults.RIDGE : options.ridge(),
        options.block() == null ? 0 : options.block());
  }

  /// Returns the settings of [Refit#RECONSTRUCT].
  static ReconstructionMethod.Settings reconstruction(Method method) {
    boolean isQuick = method == Method.FALCON;
    return new ReconstructionMethod.Settings(
        SaliencyRule.SCALE_FREE,
        new ReconstructionMethod.Search(
            isQuick ? Defaults.QUICK_SEARCH_STEPS : Defaults.SEARCH_STEPS,
            Defaults.SEARCH_DESCENT,
            Defaults.SEARCH_START),
        new ReconstructionMethod.LeastSquares(Defaults.POSITIONS, Defaults.LEAST_SQUARES_RIDGE),
        new ReconstructionMethod.Refining(
            Defaults.STEPS,
            isQuick ? Defaults.QUICK_STEPS : Defaults.FINAL_STEPS,
            new Refinement.Options(
                Defaults.BATCH,
                Defaults.learningRate(method),
                Defaults.OUTPUT_WEIGHT,
                Defaults.FEATURE_WEIGHT)));
  }
}
