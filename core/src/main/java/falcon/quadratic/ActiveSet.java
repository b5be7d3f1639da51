package falcon.quadratic;

import falcon.budget.Budget;
import falcon.budget.Mask;
import falcon.gradients.GradientMatrix;
import falcon.gradients.SparseWeights;
import falcon.kernel.VectorLoops;
import java.util.List;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// The active set: the quadratic on the kept columns and on those most likely to enter the support,
/// and the current point.
///
/// All other weights are zero and stay zero. This class computes the steps of [DiscreteFirstOrder].
/// It is for use by one thread.
final class ActiveSet implements AutoCloseable {
  /// Greatest share of the active columns that may change for the product to be taken by single
  /// columns, where every number costs a cache line.
  private static final double SPARSE_SHARE = 1 / 32.0;

  private final RestrictedQuadratic restricted;
  private final Quadratic quadratic;
  private final GradientMatrix gradients;
  private final ExecutorService executor;
  private final int[] columns;
  private final double[] weights;
  private final boolean[] kept;

  /// Saliencies of all p weights, zero outside.
  private final float[] saliency;

  private Mask mask;
  private double[] rowErrors;
  private double objective;

  /// Direction of the last conjugate step on the support, X times it, and ‖∇Q‖² there; null after
  /// any other step.
  private double @Nullable [] conjugate;

  private double[] conjugateSlope = {};
  private double slopeAlongConjugate;

  /// The constant nλ/2 ‖w̄‖² over the columns outside the active set, whose weights are zero.
  private final double outsideRidge;

  /// @param restricted the quadratic on the active columns, which include every kept nonzero
  ///     weight; closed with this object
  /// @param start w
  /// @param mask the support
  ActiveSet(
      RestrictedQuadratic restricted,
      SparseWeights start,
      Mask mask,
      double outsideRidge,
      ExecutorService executor) {
    this.restricted = restricted;
    this.quadratic = restricted.quadratic();
    this.gradients = quadratic.gradients();
    this.executor = executor;
    this.columns = restricted.columns();
    this.weights = RestrictedQuadratic.gathered(columns, start);
    this.kept = new boolean[columns.length];
    this.saliency = new float[mask.weightCount()];
    this.mask = mask;
    this.outsideRidge = outsideRidge;
    for (int c = 0; c < columns.length; c++) {
      kept[c] = mask.isKept(columns[c]);
    }
    this.rowErrors = quadratic.rowErrors(weights, executor);
    this.objective = quadratic.value(rowErrors, weights) + outsideRidge;
  }

  /// A support, as an array over the active columns and as the projection's mask.
  private static final class Support {
    private final boolean[] kept;
    private final Mask mask;

    Support(boolean[] kept, Mask mask) {
      this.kept = kept;
      this.mask = mask;
    }
  }

  /// The points `z ⊙ (w − τ d)`, along which `v = a − τ b`.
  private static final class Line {
    private final double[] direction;
    private final double[] base;
    private final double[] slope;
    private final boolean isConjugate;

    Line(double[] direction, double[] base, double[] slope, boolean isConjugate) {
      this.isConjugate = isConjugate;
      this.direction = direction;
      this.base = base;
      this.slope = slope;
    }
  }

  /// A trial step, with everything that is needed to take it.
  ///
  /// Its weights are `z ⊙ (w − τ d)` with `v = a − τ b`.
  static final class Candidate {
    private final boolean[] kept;
    private final Mask mask;
    private final double stepSize;
    private final boolean isConjugate;
    private final double[] direction;
    private final double[] base;
    private final double[] slope;
    private final double objective;

    private Candidate(Support support, double stepSize, Line line, double objective) {
      this.kept = support.kept;
      this.mask = support.mask;
      this.stepSize = stepSize;
      this.direction = line.direction;
      this.isConjugate = line.isConjugate;
      this.base = line.base;
      this.slope = line.slope;
      this.objective = objective;
    }

    double objective() {
      return objective;
    }

    double stepSize() {
      return stepSize;
    }
  }

  /// Returns Q at the present weights.
  double objective() {
    return objective;
  }

  /// d = ∇Q on the active columns.
  double[] direction() {
    return quadratic.gradient(rowErrors, weights, executor);
  }

  /// Returns `X d` over the kept columns, which all candidates of an iteration share.
  double[] slopeOnSupport(double[] direction) {
    return gradients.multiply(restrict(direction, kept), executor);
  }

  /// Returns the largest eigenvalue of `XᵀX + nλI` on the active columns, approximated from below
  /// by power iteration: a step of the reciprocal of the true value never raises Q while the
  /// support stays the same.
  double largestCurvature(int iterations) {
    double[] q = new double[columns.length];
    for (int c = 0; c < q.length; c++) {
      // Any start that no eigenvector is orthogonal to by construction; it is fixed, so that
      // results repeat.
      q[c] = 1 + (c % 7) / 7.0;
    }
    double eigenvalue = 0;
    for (int i = 0; i < iterations; i++) {
      double norm = Math.sqrt(dot(q, q));
      for (int c = 0; c < q.length; c++) {
        q[c] /= norm;
      }
      double[] next = gradients.multiplyTransposed(gradients.multiply(q, executor), executor);
      for (int c = 0; c < q.length; c++) {
        next[c] += quadratic.scaledRidge() * q[c];
      }
      eigenvalue = dot(q, next);
      q = next;
    }
    return eigenvalue;
  }

  /// Returns the best step that keeps the support; no projection is needed, since nothing enters or
  /// leaves.
  Candidate fixedSupport(double[] direction, double[] slope) {
    return candidate(new Support(kept, mask), new Line(direction, rowErrors, slope, false));
  }

  /// Returns the best step along a direction conjugate to those since the support last changed: on
  /// a fixed support this is the method of conjugate gradients (Fletcher and Reeves), which reaches
  /// the minimum in as many steps as the curvature has distinct eigenvalues.
  ///
  /// It is called once per step; the returned step contributes to the next direction only if it is
  /// accepted.
  Candidate conjugateOnSupport(double[] direction, double[] slope) {
    double[] restricted = restrict(direction, kept);
    double along = 0;
    for (int c = 0; c < columns.length; c++) {
      along += restricted[c] * restricted[c];
    }
    double[] slopeThere = slope.clone();
    if (conjugate != null && slopeAlongConjugate > 0) {
      double beta = along / slopeAlongConjugate;
      VectorLoops.addScaled(restricted, beta, conjugate, 0, restricted.length);
      VectorLoops.addScaled(slopeThere, beta, conjugateSlope, 0, slopeThere.length);
    }
    conjugate = restricted;
    conjugateSlope = slopeThere;
    slopeAlongConjugate = along;
    return candidate(new Support(kept, mask), new Line(restricted, rowErrors, slopeThere, true));
  }

  /// Returns the projection of `w − τ d`, with the best step size for its support; an unchanged
  /// support yields the step of [#fixedSupport].
  Candidate projected(
      double stepSize, double[] direction, double[] slope, Projector projector, Budget budget) {
    Support support = project(stepSize, direction, projector, budget);
    boolean[] chosen = support.kept;
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
    double[][] sums = products(changed, dropped, turned);
    return candidate(
        support, new Line(direction, plus(rowErrors, sums[0]), plus(slope, sums[1]), false));
  }

  private Support project(double stepSize, double[] direction, Projector projector, Budget budget) {
    for (int c = 0; c < columns.length; c++) {
      double u = (kept[c] ? weights[c] : 0) - stepSize * direction[c];
      saliency[columns[c]] = DiscreteFirstOrder.saliency(u);
    }
    Mask projected = projector.project(saliency, budget);
    boolean[] chosen = new boolean[columns.length];
    for (int c = 0; c < columns.length; c++) {
      chosen[c] = projected.isKept(columns[c]);
    }
    return new Support(chosen, projected);
  }

  /// Returns `X_changed a` and `X_changed b`, computed in one pass.
  private double[][] products(int[] changed, double[] a, double[] b) {
    if (changed.length <= SPARSE_SHARE * columns.length) {
      return gradients.multiplyColumns(changed, a, b, executor);
    }
    var first = new SparseWeights(changed, a);
    var second = new SparseWeights(changed, b);
    return gradients.products().multiply(List.of(first::read, second::read), executor);
  }

  private static double[] plus(double[] x, double[] y) {
    double[] sum = x.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += y[i];
    }
    return sum;
  }

  /// Minimises Q over τ on the line `z ⊙ (w − τ d)`, where `X (w − w̄) + e = a − τ b`:
  /// `Q = ½ ‖a − τb‖² + (nλ/2) (c₀ − 2τ c₁ + τ² c₂)`.
  private Candidate candidate(Support support, Line line) {
    boolean[] z = support.kept;
    double[] direction = line.direction;
    double[] a = line.base;
    double[] b = line.slope;
    double c0 = 0;
    double c1 = 0;
    double c2 = 0;
    for (int c = 0; c < columns.length; c++) {
      double difference = (z[c] && kept[c] ? weights[c] : 0) - quadratic.dense(c);
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
    double value =
        (dot(a, a) + ridge * c0) / 2 + outsideRidge - step * linear + step * step * curvature / 2;
    return new Candidate(support, step, line, value);
  }

  /// Takes a step.
  ///
  /// @return whether the support changed
  boolean accept(Candidate candidate) {
    boolean changed = false;
    double[] direction = candidate.direction;
    for (int c = 0; c < columns.length; c++) {
      double present = kept[c] ? weights[c] : 0;
      weights[c] = candidate.kept[c] ? present - candidate.stepSize * direction[c] : 0;
      changed |= kept[c] != candidate.kept[c];
      kept[c] = candidate.kept[c];
    }
    if (!candidate.isConjugate) {
      conjugate = null;
    }
    double[] errors = new double[rowErrors.length];
    for (int row = 0; row < errors.length; row++) {
      errors[row] = candidate.base[row] - candidate.stepSize * candidate.slope[row];
    }
    rowErrors = errors;
    objective = candidate.objective;
    mask = candidate.mask;
    return changed;
  }

  /// Returns w.
  SparseWeights weights() {
    return new SparseWeights(columns, weights);
  }

  /// Returns the support.
  Mask mask() {
    return mask;
  }

  /// Returns v = X (w − w̄) + e, `[n]`.
  double[] rowErrors() {
    return rowErrors;
  }

  /// Returns `e − X_P w̄_P` over all columns P that are not kept, `[n]`.
  double[] droppedResidual() {
    double[] keptAtDense = new double[columns.length];
    for (int c = 0; c < columns.length; c++) {
      keptAtDense[c] = kept[c] ? quadratic.dense(c) : 0;
    }
    return quadratic.rowErrors(keptAtDense, executor);
  }

  @Override
  public void close() {
    restricted.close();
  }

  private static double[] restrict(double[] vector, boolean[] mask) {
    double[] restricted = new double[vector.length];
    for (int c = 0; c < vector.length; c++) {
      restricted[c] = mask[c] ? vector[c] : 0;
    }
    return restricted;
  }

  private static double dot(double[] x, double[] y) {
    return VectorLoops.dot(x, y, 0, x.length);
  }
}
