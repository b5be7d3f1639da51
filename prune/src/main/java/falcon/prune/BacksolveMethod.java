package falcon.prune;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.model.Network;
import falcon.projection.BudgetProjection;
import falcon.projection.Projection;
import falcon.quadratic.Backsolve;
import falcon.quadratic.BlockedGramProduct;
import falcon.quadratic.DiscreteFirstOrder;
import falcon.quadratic.GradientMatrix;
import falcon.quadratic.Quadratic;
import falcon.quadratic.Solution;
import falcon.torch.Evaluation;
import falcon.torch.ImageSamples;
import falcon.torch.Logits;
import falcon.torch.PerSampleGradients;
import falcon.torch.Precision;
import falcon.torch.Workers;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;

/// The method of the paper: low-rank quadratic from per-sample gradients, discrete first-order method
/// with the projection in every step, backsolve on the support.
///
/// Source: FALCON (arXiv:2403.07094), sections 3 and 4.
///
/// @param curvature rows of the gradient matrix
/// @param ridge λ > 0
/// @param block weights solved together, 0 for all
record BacksolveMethod(Curvature curvature, double ridge, int block) implements PruningMethod {
  /// First-order term of a row of the empirical Fisher, before division by the number of rows; the
  /// paper's code takes 1e-2 to 1e-4.
  private static final double EMPIRICAL_RESIDUAL = 1e-3;

  @Override
  public Outcome run(Setting setting, int stage, Network present) {
    PruningPlan plan = setting.plan();
    CostTable costs = plan.costs();
    Budget budget = plan.stageBudgets().get(stage);
    Workers workers = setting.workers();
    ImageSamples samples = setting.samples().draw("gradients", stage, plan.samples());
    float[] weights = WeightVector.of(present, costs);
    long signSeed =
        falcon.data.Seeds.of(setting.samples().seed(), "output signs", stage).nextLong();
    try (var gradients = GradientMatrix.allocate(samples.size(), costs)) {
      setting.clock().time("gradients", () -> fill(gradients, setting, present, samples, signSeed));
      double effectiveRows = gradients.effectiveRows();
      Quadratic quadratic =
          Quadratic.of(
              gradients, weights, residual(setting, present, samples, signSeed, stage), ridge);
      var projection = new BudgetProjection(workers.executor(), workers.threads());
      var tried = new HashMap<Mask, Projection>();
      setting.progress().begin("solve", 2);
      Solution solution =
          setting
              .clock()
              .time(
                  "first-order method",
                  () ->
                      new DiscreteFirstOrder(
                              quadratic,
                              (saliency, limits) -> {
                                Projection projected = projection.project(saliency, costs, limits);
                                tried.put(projected.mask(), projected);
                                return projected.mask();
                              },
                              DiscreteFirstOrder.Settings.DEFAULT,
                              workers.executor())
                          .solve(weights, budget));
      setting.progress().advance(1);
      Projection certificate = Objects.requireNonNull(tried.get(solution.kept()));
      var backsolve = new Backsolve(quadratic, new BlockedGramProduct(), workers.executor());
      float[] solved =
          setting
              .clock()
              .time(
                  "backsolve",
                  () ->
                      block == 0
                          ? backsolve.full(certificate.mask())
                          : backsolve.blockwise(certificate.mask(), block));
      setting.progress().advance(2);
      setting.progress().end();
      return new Outcome(
          WeightVector.into(present, solved, certificate.mask(), costs),
          certificate,
          effectiveRows);
    }
  }

  private Integer fill(
      GradientMatrix gradients,
      Setting setting,
      Network present,
      ImageSamples samples,
      long signSeed) {
    List<CostTable.Layer> layers = setting.plan().costs().layers();
    PerSampleGradients.RowKind kind =
        switch (curvature) {
          case EMPIRICAL -> new PerSampleGradients.RowKind.Empirical();
          case LOGITS -> new PerSampleGradients.RowKind.OutputSigns(signSeed);
        };
    setting.progress().begin("gradients", samples.size());
    var done = new java.util.concurrent.atomic.AtomicInteger();
    new PerSampleGradients(
            present,
            layers.stream().map(CostTable.Layer::name).toList(),
            Precision.FLOAT32,
            setting.workers())
        .compute(samples, kind, gradients::write, done::set);
    setting.progress().end();
    return done.get();
  }

  /// e of `algorithm`: a small constant, or the error of the outputs made so far.
  private double[] residual(
      Setting setting, Network present, ImageSamples samples, long signSeed, int stage) {
    var residual = new double[samples.size()];
    switch (curvature) {
      case EMPIRICAL -> java.util.Arrays.fill(residual, EMPIRICAL_RESIDUAL / samples.size());
      case LOGITS -> {
        if (stage > 0) {
          Logits now = Evaluation.logits(present, samples, setting.workers());
          Logits dense = Evaluation.logits(setting.dense(), samples, setting.workers());
          for (int i = 0; i < residual.length; i++) {
            float[] signs = PerSampleGradients.signs(signSeed, i, now.classes());
            for (int c = 0; c < signs.length; c++) {
              residual[i] += signs[c] * ((double) now.value(i, c) - dense.value(i, c));
            }
          }
        }
      }
    }
    return residual;
  }
}
