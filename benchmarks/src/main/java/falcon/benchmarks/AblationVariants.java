package falcon.benchmarks;

import falcon.prune.method.MaskProjection;
import falcon.prune.method.PruningMethod;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.method.ReconstructionMethod.Settings;
import falcon.prune.method.SaliencyRule;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.Curvature;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The rows of [AblationTable].
final class AblationVariants {
  private AblationVariants() {}

  /// A way to prune.
  ///
  /// @param group the part that is varied
  /// @param nnzPerMacs ratio of the limit on the share of weights to that on the share of MACs; 0:
  ///     no limit
  /// @param isMacsFree whether there is no limit on MACs
  /// @param method the method; null for the one that the options name
  /// @param adjust sets further options
  record Variant(
      String group,
      String what,
      int stages,
      double nnzPerMacs,
      boolean isMacsFree,
      BatchNormPolicy batchNorm,
      @Nullable PruningMethod method,
      Consumer<PruningOptions.Builder> adjust) {}

  private static Variant reconstruct(
      String group, String what, int stages, double nnzPerMacs, Settings settings) {
    return new Variant(
        group,
        what,
        stages,
        nnzPerMacs,
        false,
        BatchNormPolicy.OFF,
        new ReconstructionMethod(settings, MaskProjection.EXACT),
        options -> {});
  }

  private static Variant lowRank(
      String group, String what, int stages, Consumer<PruningOptions.Builder> adjust) {
    return new Variant(
        group,
        what,
        stages,
        1.2,
        false,
        BatchNormPolicy.AUTO,
        null,
        options -> adjust.accept(options.refit(Refit.BACKSOLVE)));
  }

  /// Returns settings that differ from those of `falcon`.
  ///
  /// @param exponent exponent of MACs in the saliency
  /// @param projections number of projections of the support search; 1: the saliency of w̄ decides
  /// @param steps number of refinement steps, in a stage and at the end
  private static Settings settings(double exponent, int projections, int steps) {
    Settings base = ReconstructionMethod.defaults(Method.FALCON);
    return base.withSaliency(SaliencyRule.squares(exponent))
        .withSearch(base.search().withSteps(projections))
        .withRefining(base.refining().withSteps(steps, steps));
  }

  private static Settings withDescent(Settings settings, int descent) {
    return settings.withSearch(settings.search().withDescent(descent));
  }

  /// Returns the variants of one stage.
  static List<Variant> singleStage() {
    List<Variant> rows = new ArrayList<>();
    rows.add(
        reconstruct(
            "mask", "w², NNZ share 1.2 × MAC share, projected once", 1, 1.2, settings(0, 1, 0)));
    rows.add(reconstruct("mask", "w², NNZ free, projected once", 1, 0, settings(0, 1, 0)));
    rows.add(reconstruct("mask", "w² f^¼, projected once", 1, 0, settings(0.25, 1, 0)));
    for (int projections : new int[] {4, 8, 16, 32}) {
      rows.add(
          reconstruct(
              "mask",
              "w² f^¼, support search, %d projections".formatted(projections),
              1,
              0,
              settings(0.25, projections, 0)));
    }
    for (int descent : new int[] {2, 10, 30}) {
      rows.add(
          reconstruct(
              "mask",
              "the same, 16 projections, %d steps on the quadratic after each".formatted(descent),
              1,
              0,
              withDescent(settings(0.25, 16, 0), descent)));
    }
    rows.add(reconstruct("mask", "w², support search, 16 projections", 1, 0, settings(0, 16, 0)));
    addLowRank(rows, 1);
    rows.add(reconstruct("refinement", "none", 1, 0, settings(0.25, 16, 0)));
    rows.add(reconstruct("refinement", "300 steps", 1, 0, settings(0.25, 16, 300)));
    rows.add(
        reconstruct(
            "refinement",
            "300 steps on the mask of w², projected once",
            1,
            0,
            settings(0, 1, 300)));
    addBudgets(rows);
    for (double gap : new double[] {1e-2, 1e-3, 1e-4}) {
      rows.add(
          new Variant(
              "exactness",
              "relative gap up to %s".formatted(gap),
              1,
              0,
              false,
              BatchNormPolicy.OFF,
              new ReconstructionMethod(
                  settings(0.25, 16, 0), (_, _) -> new ApproximateProjection(gap)),
              options -> {}));
    }
    rows.add(reconstruct("exactness", "exact", 1, 0, settings(0.25, 16, 0)));
    return rows;
  }

  private static void addLowRank(List<Variant> rows, int stages) {
    rows.add(
        lowRank(
            "curvature",
            "empirical, backsolve full",
            stages,
            o -> o.curvature(Curvature.EMPIRICAL)));
    rows.add(
        lowRank("curvature", "logits, backsolve full", stages, o -> o.curvature(Curvature.LOGITS)));
    rows.add(
        lowRank(
            "curvature",
            "logits, backsolve in blocks of 2,000",
            stages,
            o -> o.curvature(Curvature.LOGITS).block(2000)));
    rows.add(
        reconstruct(
            "curvature",
            "layer-wise, the mask of w² projected once",
            stages,
            1.2,
            settings(0, 1, 0)));
    rows.add(
        reconstruct("curvature", "layer-wise, support search", stages, 0, settings(0.25, 16, 0)));
  }

  private static void addBudgets(List<Variant> rows) {
    Settings search = settings(0.25, 16, 0);
    Settings plain = settings(0, 16, 0);
    rows.add(reconstruct("budget", "MACs only, w² f^¼", 1, 0, search));
    rows.add(reconstruct("budget", "MACs only, w²", 1, 0, plain));
    rows.add(reconstruct("budget", "both at the same share, w² f^¼", 1, 1, search));
    rows.add(reconstruct("budget", "both at the same share, w²", 1, 1, plain));
    rows.add(
        new Variant(
            "budget",
            "NNZ only at that share, w²",
            1,
            1,
            true,
            BatchNormPolicy.OFF,
            new ReconstructionMethod(plain, MaskProjection.EXACT),
            options -> {}));
  }

  /// Returns the variants of several stages.
  static List<Variant> severalStages() {
    List<Variant> rows = new ArrayList<>();
    rows.add(
        reconstruct(
            "stages", "5 stages, w², NNZ share 1.2 × MAC share", 5, 1.2, settings(0, 1, 0)));
    rows.add(
        reconstruct(
            "stages", "5 stages, w² f^¼, search in the first", 5, 0, settings(0.25, 16, 0)));
    rows.add(
        reconstruct(
            "stages", "5 stages, the same, 60 steps a stage", 5, 0, settings(0.25, 16, 60)));
    rows.add(reconstruct("stages", "1 stage, 300 steps", 1, 0, settings(0.25, 16, 300)));
    return rows;
  }
}
