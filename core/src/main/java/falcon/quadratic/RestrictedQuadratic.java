package falcon.quadratic;

import falcon.budget.Mask;
import falcon.gradients.SparseWeights;
import java.util.concurrent.ExecutorService;

/// A [Quadratic] restricted to a few columns, with all other weights at zero: again a quadratic,
/// with a small X of its own in memory.
///
/// ```
/// Q(w_A, 0) = ½ ‖X_A (w_A − w̄_A) + e_A‖² + (nλ/2) ‖w_A − w̄_A‖² + constant,   e_A = e − X_P w̄_P
/// ```
///
/// A are the columns, P the others. Where X is in a file, further work on A should use this.
public final class RestrictedQuadratic implements AutoCloseable {
  private final Quadratic quadratic;
  private final int[] columns;
  private final int weightCount;

  private RestrictedQuadratic(Quadratic quadratic, int[] columns, int weightCount) {
    this.quadratic = quadratic;
    this.columns = columns;
    this.weightCount = weightCount;
  }

  /// Returns the quadratic on the weights that a solution keeps.
  ///
  /// @param whole the quadratic that the solution belongs to
  public static RestrictedQuadratic onSupport(
      Quadratic whole, Solution solution, ExecutorService executor) {
    int[] columns = columnsOf(solution.kept());
    return new RestrictedQuadratic(
        whole.onColumns(
            columns, whole.gradients().select(columns, executor), solution.droppedResidual()),
        columns,
        whole.weightCount());
  }

  /// Returns the quadratic on some columns at a known point.
  ///
  /// @param columns ascending; shared
  /// @param weights w, zero outside the columns
  /// @param rowErrors v = X (w − w̄) + e `[n]`
  static RestrictedQuadratic around(
      Quadratic whole,
      int[] columns,
      SparseWeights weights,
      double[] rowErrors,
      ExecutorService executor) {
    Quadratic homogeneous =
        whole.onColumns(
            columns, whole.gradients().select(columns, executor), new double[whole.rows()]);
    double[] inside = homogeneous.rowErrors(gathered(columns, weights), executor);
    double[] outside = rowErrors.clone();
    for (int row = 0; row < outside.length; row++) {
      outside[row] -= inside[row];
    }
    return new RestrictedQuadratic(
        whole.onColumns(columns, homogeneous.gradients(), outside), columns, whole.weightCount());
  }

  static double[] gathered(int[] columns, SparseWeights weights) {
    double[] values = new double[columns.length];
    for (int c = 0; c < columns.length; c++) {
      values[c] = weights.at(columns[c]);
    }
    return values;
  }

  /// Returns the indices of the kept weights, ascending.
  static int[] columnsOf(Mask kept) {
    int[] columns = new int[kept.keptCount()];
    int count = 0;
    for (int i = kept.nextKept(0); i < kept.weightCount(); i = kept.nextKept(i + 1)) {
      columns[count++] = i;
    }
    return columns;
  }

  /// Returns the quadratic of the columns: its weight c is weight `columns[c]` of the whole. It is
  /// valid until this object is closed.
  public Quadratic quadratic() {
    return quadratic;
  }

  /// Returns the number of columns.
  public int columnCount() {
    return columns.length;
  }

  /// Returns all weights: those of the columns, and zeros elsewhere.
  ///
  /// @param weights `[columns]`
  /// @return `[p]`
  public float[] spread(float[] weights) {
    float[] all = new float[weightCount];
    for (int c = 0; c < columns.length; c++) {
      all[columns[c]] = weights[c];
    }
    return all;
  }

  /// Returns the weights of the columns out of all weights, the reverse of [#spread].
  ///
  /// @param weights `[p]`
  /// @return `[columns]`
  public float[] gather(float[] weights) {
    float[] some = new float[columns.length];
    for (int c = 0; c < columns.length; c++) {
      some[c] = weights[columns[c]];
    }
    return some;
  }

  int[] columns() {
    return columns;
  }

  /// Frees the copy of the columns.
  @Override
  public void close() {
    quadratic.gradients().close();
  }
}
