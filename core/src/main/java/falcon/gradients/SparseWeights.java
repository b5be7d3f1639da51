package falcon.gradients;

import java.util.Arrays;

/// Weights `[p]` that are zero outside some columns. The arrays are shared with the caller, not
/// copied.
public final class SparseWeights {
  private final int[] columns;
  private final double[] values;

  /// Creates weights that are zero outside some columns.
  ///
  /// @param columns ascending indices of weights
  /// @param values `[columns]`
  public SparseWeights(int[] columns, double[] values) {
    this.columns = columns;
    this.values = values;
  }

  /// Returns the ascending indices of the weights that may differ from zero; not copied.
  public int[] columns() {
    return columns;
  }

  /// Returns the weight of column number c of [#columns].
  public double value(int c) {
    return values[c];
  }

  /// Writes weights `from … from + count − 1` to `piece[0 … count − 1]`.
  public void read(int from, double[] piece, int count) {
    Arrays.fill(piece, 0, count, 0);
    int end = from + count;
    for (int c = position(from); c < columns.length && columns[c] < end; c++) {
      piece[columns[c] - from] = values[c];
    }
  }

  /// Returns the weight at any index; zero if the index is not among the columns.
  public double at(int index) {
    int c = position(index);
    return c < columns.length && columns[c] == index ? values[c] : 0;
  }

  private int position(int column) {
    int found = Arrays.binarySearch(columns, column);
    return found < 0 ? -found - 1 : found;
  }

  /// Returns all weights, rounded to float32.
  public float[] toDense(int weightCount) {
    float[] dense = new float[weightCount];
    for (int c = 0; c < columns.length; c++) {
      dense[columns[c]] = (float) values[c];
    }
    return dense;
  }
}
