package falcon.benchmarks.solver;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.gradients.GradientMatrix;
import falcon.projection.BudgetProjection;
import falcon.quadratic.DiscreteFirstOrder;
import falcon.quadratic.Projector;
import falcon.quadratic.Quadratic;
import falcon.quadratic.Solution;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The time of one solve of the first-order method at ResNet20's size, against plain projected
/// gradient steps.
final class FirstOrderMeasurement implements Measurement {
  private static final int ROWS = 1000;
  private static final double MAC_SHARE = 0.2;
  private static final double NNZ_PER_MACS = 1.2;
  private static final double RIDGE = 1e-2;
  private static final int PLAIN_STEPS = 1000;
  private static final int POWER_STEPS = 30;

  /// Factor on the estimate of the largest curvature, which approaches from below.
  private static final double SAFETY = 1.02;

  private static final int REPETITIONS = 3;

  private final List<Figure> figures = new ArrayList<>();

  @Override
  public String name() {
    return "dfo";
  }

  @Override
  public List<Figure> measure(int threads) {
    figures.clear();
    CostTable costs = ResNetCosts.resnet20();
    try (var executor = Executors.newFixedThreadPool(threads);
        var gradients = GradientMatrix.allocate(ROWS, costs)) {
      var synthetic = new SyntheticGradients(costs, ROWS, 1);
      synthetic.write(gradients, executor);
      float[] dense = synthetic.weights();
      var quadratic = Quadratic.of(gradients, dense, new double[ROWS], RIDGE);
      var budget =
          new Budget(
              (long) (MAC_SHARE * NNZ_PER_MACS * costs.weightCount()),
              (long) (MAC_SHARE * costs.totalMacs()));
      var projection = new BudgetProjection(executor, threads);
      Projector projector =
          (saliency, limits) -> projection.project(saliency, costs, limits).mask();
      Solution found = solve(quadratic, dense, projector, budget, executor);
      long start = System.nanoTime();
      double plain = plain(quadratic, dense, projector, budget, executor);
      double seconds = (System.nanoTime() - start) / 1e9;
      add("plain_seconds", "1,000 projected gradient steps", seconds, "s", "");
      double value = quadratic.value(found.weights(), executor);
      String over = "objective over that of ";
      add(
          "objective_over_plain",
          over + "1,000 projected gradient steps",
          value / plain,
          "x",
          "≤ 1");
      double gain = found.objective() / found.initialObjective();
      add("objective_over_start", over + "the projected start", gain, "x", "");
      return figures;
    }
  }

  private void add(String key, String what, double value, String unit, String goal) {
    figures.add(Figure.single("dfo." + key, what, value, unit, goal));
  }

  private Solution solve(
      Quadratic quadratic,
      float[] dense,
      Projector projector,
      Budget budget,
      ExecutorService executor) {
    var method =
        new DiscreteFirstOrder(quadratic, projector, DiscreteFirstOrder.Settings.DEFAULT, executor);
    Solution[] solution = new Solution[1];
    Timing seconds = Timing.of(1, REPETITIONS, () -> solution[0] = method.solve(dense, budget));
    Solution found = solution[0];
    System.err.printf("%s %s%n", found.outcome(), found.objectives());
    figures.add(
        seconds.figure("dfo.seconds", "one solve, ResNet20, n = 1000, F = 20 %", 1, "s", "≤ 5"));
    add("iterations", found.outcome().toString(), found.iterations(), "", "");
    add("support_changes", "weights that entered", found.supportChanges(), "", "");
    return found;
  }

  /// Takes plain steps `w⁺ = projection of w − ∇Q(w) / L` with saliency u².
  private static double plain(
      Quadratic quadratic,
      float[] dense,
      Projector projector,
      Budget budget,
      ExecutorService executor) {
    double step = 1 / (SAFETY * largestCurvature(quadratic, dense, executor));
    float[] weights = dense.clone();
    keepBest(weights, projector, budget);
    for (int i = 0; i < PLAIN_STEPS; i++) {
      double[] gradient = quadratic.gradient(weights, executor);
      for (int j = 0; j < weights.length; j++) {
        weights[j] -= (float) (step * gradient[j]);
      }
      keepBest(weights, projector, budget);
    }
    return quadratic.value(weights, executor);
  }

  private static void keepBest(float[] weights, Projector projector, Budget budget) {
    float[] saliency = new float[weights.length];
    for (int j = 0; j < saliency.length; j++) {
      saliency[j] = weights[j] * weights[j];
    }
    Mask mask = projector.project(saliency, budget);
    for (int j = 0; j < weights.length; j++) {
      weights[j] = mask.isKept(j) ? weights[j] : 0;
    }
  }

  /// Returns the largest curvature by power iteration: the gradient at `w̄ + q` is the Hessian
  /// times q, where e is zero.
  private static double largestCurvature(
      Quadratic quadratic, float[] dense, ExecutorService executor) {
    double[] q = new double[dense.length];
    for (int j = 0; j < q.length; j++) {
      q[j] = 1 + (j % 7) / 7.0;
    }
    double curvature = 0;
    for (int i = 0; i < POWER_STEPS; i++) {
      double norm = 0;
      for (double value : q) {
        norm += value * value;
      }
      norm = Math.sqrt(norm);
      float[] weights = dense.clone();
      for (int j = 0; j < q.length; j++) {
        weights[j] += (float) (q[j] / norm * Math.sqrt(q.length));
      }
      q = quadratic.gradient(weights, executor);
      double length = 0;
      for (double value : q) {
        length += value * value;
      }
      curvature = Math.sqrt(length / q.length);
    }
    return curvature;
  }
}
