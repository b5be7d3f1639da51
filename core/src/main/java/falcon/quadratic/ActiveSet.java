package falcon.quadratic;

import falcon.budget.Budget;
import falcon.budget.Mask;
import falcon.kernel.ScalarKernels;
import java.util.concurrent.ExecutorService;

/// The quadratic on a few columns: those that are kept and those most likely to enter.
///
/// All other weights are zero and stay zero. Holds a compact copy of its columns of X, the weights,
/// the metric and v = X (w − w̄) + e, and makes the steps of [DiscreteFirstOrder]. For one thread.
final class ActiveSet implements AutoCloseable {
  /// Columns changed at most, as a share of the active ones, for a product by single columns.
  private static final double SPARSE_SHARE = 0.1;

  private final Quadratic quadratic;
  private final ExecutorService executor;
  private final int[] columns;
  private final GradientMatrix gradients;
  private final double[] metric;
  private final double[] weights;
  private final boolean[] kept;
  private double[] rowErrors;
  private double objective;

  /// ‖w̄‖² over the columns outside, all at zero.
  private final double outsideDistance;

  /// Where the solver stands: w `[p]`, what is kept `[p]`, and v `[n]` there.
  static final class Point {
    private final double[] weights;
    private final boolean[] kept;
    private final double[] rowErrors;

    /// The arrays are shared, not copied.
    Point(double[] weights, boolean[] kept, double[] rowErrors) {
      this.weights = weights;
      this.kept = kept;
      this.rowErrors = rowErrors;
    }
  }

  /// @param columns ascending indices of weights, among them every one that is kept
  /// @param point where to start; read only
  /// @param metric D `[p]`, above zero
  ActiveSet(
      Quadratic quadratic, int[] columns, Point point, double[] metric, ExecutorService executor) {
    this.quadratic = quadratic;
    this.executor = executor;
    this.columns = columns;
    this.metric = new double[columns.length];
    this.weights = new double[columns.length];
    this.kept = new boolean[columns.length];
    double inside = 0;
    for (int c = 0; c < columns.length; c++) {
      int column = columns[c];
      this.metric[c] = metric[column];
      weights[c] = point.weights[column];
      kept[c] = point.kept[column];
      double difference = weights[c] - quadratic.dense(column);
      inside += difference * difference;
    }
    this.outsideDistance = Math.max(0, quadratic.squaredDistance(point.weights) - inside);
    this.rowErrors = point.rowErrors;
    this.objective = quadratic.value(point.rowErrors, point.weights);
    this.gradients = quadratic.gradients().select(columns, executor);
  }

  /// A step that was tried: everything that taking it needs.
  ///
  /// Its weights are `z ⊙ (w − τ d)` with `v = a − τ b`.
  static final class Candidate {
    private final boolean[] kept;
    private final double stepSize;
    private final double[] base;
    private final double[] slope;
    private final double objective;

    private Candidate(
        boolean[] kept, double stepSize, double[] base, double[] slope, double objective) {
      this.kept = kept;
      this.stepSize = stepSize;
      this.base = base;
      this.slope = slope;
      this.objective = objective;
    }

    double objective() {
      return objective;
    }

    double stepSize() {
      return stepSize;
    }
  }

  /// Q at the present weights.
  double objective() {
    return objective;
  }

  /// d = D⁻¹ ∇Q on the active columns.
  double[] direction() {
    double[] direction = gradients.multiplyTransposed(rowErrors, executor);
    for (int c = 0; c < columns.length; c++) {
      double gradient =
          direction[c] + quadratic.scaledRidge() * (weights[c] - quadratic.dense(columns[c]));
      direction[c] = gradient / metric[c];
    }
    return direction;
  }

  /// `X d` over the kept columns, which every candidate of an iteration shares.
  double[] slopeOnSupport(double[] direction) {
    return gradients.multiply(restrict(direction, kept), executor);
  }

  /// Largest eigenvalue of `D^-½ (XᵀX + nλI) D^-½` on the active columns, from below, by power
  /// iteration: a step of one over it never raises Q while the support stays.
  double largestCurvature(int iterations) {
    double[] q = new double[columns.length];
    for (int c = 0; c < q.length; c++) {
      // Any start that no eigenvector is orthogonal to by construction; fixed, so results repeat.
      q[c] = 1 + (c % 7) / 7.0;
    }
    double eigenvalue = 0;
    for (int i = 0; i < iterations; i++) {
      double norm = Math.sqrt(dot(q, q));
      double[] scaled = new double[q.length];
      for (int c = 0; c < q.length; c++) {
        q[c] /= norm;
        scaled[c] = q[c] / Math.sqrt(metric[c]);
      }
      double[] next = gradients.multiplyTransposed(gradients.multiply(scaled, executor), executor);
      for (int c = 0; c < q.length; c++) {
        next[c] = (next[c] + quadratic.scaledRidge() * scaled[c]) / Math.sqrt(metric[c]);
      }
      eigenvalue = dot(q, next);
      q = next;
    }
    return eigenvalue;
  }

  /// The best step that keeps the support; no projection is needed, for nothing enters or leaves.
  Candidate fixedSupport(double[] direction, double[] slope) {
    return candidate(kept, direction, rowErrors, slope);
  }

  /// The projection of `w − τ d`, with the best step size for the support that it has; the same
  /// support gives the step of [#fixedSupport].
  Candidate projected(
      double stepSize, double[] direction, double[] slope, Projector projector, Budget budget) {
    boolean[] chosen = project(stepSize, direction, projector, budget);
    int count = 0;
    for (int c = 0; c < columns.length; c++) {
      if (chosen[c] != kept[c]) {
        count++;
      }
    }
    int[] changed = new int[count];
    double[] dropped = new double[count];
    double[] turned = new double[count];
    count = 0;
    for (int c = 0; c < columns.length; c++) {
      if (chosen[c] != kept[c]) {
        changed[count] = c;
        dropped[count] = kept[c] ? -weights[c] : 0;
        turned[count] = kept[c] ? -direction[c] : direction[c];
        count++;
      }
    }
    return candidate(
        chosen,
        direction,
        plusColumns(rowErrors, changed, dropped),
        plusColumns(slope, changed, turned));
  }

  private boolean[] project(
      double stepSize, double[] direction, Projector projector, Budget budget) {
    float[] saliency = new float[quadratic.weightCount()];
    for (int c = 0; c < columns.length; c++) {
      double u = (kept[c] ? weights[c] : 0) - stepSize * direction[c];
      saliency[columns[c]] = DiscreteFirstOrder.saliency(metric[c], u);
    }
    Mask mask = projector.project(saliency, budget);
    boolean[] chosen = new boolean[columns.length];
    for (int c = 0; c < columns.length; c++) {
      chosen[c] = mask.isKept(columns[c]);
    }
    return chosen;
  }

  /// `vector + X_changed factors`.
  private double[] plusColumns(double[] vector, int[] changed, double[] factors) {
    double[] sum;
    if (changed.length <= SPARSE_SHARE * columns.length) {
      sum = gradients.multiplyColumns(changed, factors, executor);
    } else {
      double[] all = new double[columns.length];
      for (int i = 0; i < changed.length; i++) {
        all[changed[i]] = factors[i];
      }
      sum = gradients.multiply(all, executor);
    }
    for (int row = 0; row < sum.length; row++) {
      sum[row] += vector[row];
    }
    return sum;
  }

  /// Minimises Q over τ on the line `z ⊙ (w − τ d)`, where `X (w − w̄) + e = a − τ b`:
  /// `Q = ½ ‖a − τb‖² + (nλ/2) (c₀ − 2τ c₁ + τ² c₂)`.
  private Candidate candidate(boolean[] z, double[] direction, double[] a, double[] b) {
    double c0 = outsideDistance;
    double c1 = 0;
    double c2 = 0;
    for (int c = 0; c < columns.length; c++) {
      double difference = (z[c] && kept[c] ? weights[c] : 0) - quadratic.dense(columns[c]);
      c0 += difference * difference;
      if (z[c]) {
        c1 += difference * direction[c];
        c2 += direction[c] * direction[c];
      }
    }
    double ridge = quadratic.scaledRidge();
    double linear = dot(a, b) + ridge * c1;
    double curvature = dot(b, b) + ridge * c2;
    double step = curvature > 0 ? Math.max(0, linear / curvature) : 0;
    double value = (dot(a, a) + ridge * c0) / 2 - step * linear + step * step * curvature / 2;
    return new Candidate(z, step, a, b, value);
  }

  /// Takes a step.
  ///
  /// @return whether the support changed
  boolean accept(Candidate candidate, double[] direction) {
    boolean changed = false;
    for (int c = 0; c < columns.length; c++) {
      double present = kept[c] ? weights[c] : 0;
      weights[c] = candidate.kept[c] ? present - candidate.stepSize * direction[c] : 0;
      changed |= kept[c] != candidate.kept[c];
      kept[c] = candidate.kept[c];
    }
    double[] errors = new double[rowErrors.length];
    for (int row = 0; row < errors.length; row++) {
      errors[row] = candidate.base[row] - candidate.stepSize * candidate.slope[row];
    }
    rowErrors = errors;
    objective = candidate.objective;
    return changed;
  }

  /// Writes weights and what is kept back to a point, whose row errors are then out of date.
  void writeTo(Point point) {
    for (int c = 0; c < columns.length; c++) {
      point.weights[columns[c]] = weights[c];
      point.kept[columns[c]] = kept[c];
    }
  }

  /// Whether a weight is active.
  boolean[] membership() {
    boolean[] active = new boolean[quadratic.weightCount()];
    for (int column : columns) {
      active[column] = true;
    }
    return active;
  }

  @Override
  public void close() {
    gradients.close();
  }

  private static double[] restrict(double[] vector, boolean[] mask) {
    double[] restricted = new double[vector.length];
    for (int c = 0; c < vector.length; c++) {
      restricted[c] = mask[c] ? vector[c] : 0;
    }
    return restricted;
  }

  private static double dot(double[] x, double[] y) {
    return ScalarKernels.dot(x, y, 0, x.length);
  }
}
