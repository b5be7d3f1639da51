package falcon.projection.dual;

/// The inverse of a small square matrix, by Gauss-Jordan elimination with row pivoting.
final class SmallInverse {
  /// A pivot below this share of its column's greatest entry before elimination is rounding noise.
  private static final double SINGULAR = 1e-13;

  /// An entry of the inverse below this share of the greatest in its row is 0 up to rounding.
  private static final double NOISE = 1e-14;

  private final int size;

  /// `[size, 2 size]`: the matrix beside the identity, which becomes the inverse.
  private final double[] rows;

  private final double[] greatest;

  SmallInverse(int size) {
    this.size = size;
    rows = new double[size * 2 * size];
    greatest = new double[size];
  }

  /// Sets an entry of the matrix; all must be set before each [#invert].
  void set(int row, int column, double value) {
    rows[row * 2 * size + column] = value;
  }

  /// Returns an entry of the inverse.
  double get(int row, int column) {
    return rows[row * 2 * size + size + column];
  }

  /// Returns the greatest magnitude in a row of the inverse.
  double greatestInRow(int row) {
    double found = 0;
    for (int column = 0; column < size; column++) {
      found = Math.max(found, Math.abs(get(row, column)));
    }
    return found;
  }

  /// Inverts the matrix in place.
  ///
  /// @return whether it has an inverse
  boolean invert() {
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        rows[i * 2 * size + size + j] = i == j ? 1 : 0;
      }
    }
    for (int column = 0; column < size; column++) {
      greatest[column] = Math.abs(rows[rowOfGreatest(column, 0) * 2 * size + column]);
    }
    for (int column = 0; column < size; column++) {
      int pivot = rowOfGreatest(column, column);
      double entry = rows[pivot * 2 * size + column];
      if (Math.abs(entry) <= SINGULAR * greatest[column]) {
        return false;
      }
      swap(pivot, column);
      eliminate(column, entry);
    }
    for (int i = 0; i < size; i++) {
      double noise = NOISE * greatestInRow(i);
      for (int j = i * 2 * size + size; j < (i + 1) * 2 * size; j++) {
        rows[j] = Math.abs(rows[j]) <= noise ? 0 : rows[j];
      }
    }
    return true;
  }

  private int rowOfGreatest(int column, int firstRow) {
    int found = firstRow;
    for (int i = firstRow + 1; i < size; i++) {
      if (Math.abs(rows[i * 2 * size + column]) > Math.abs(rows[found * 2 * size + column])) {
        found = i;
      }
    }
    return found;
  }

  private void swap(int a, int b) {
    for (int j = 0; j < 2 * size; j++) {
      double held = rows[a * 2 * size + j];
      rows[a * 2 * size + j] = rows[b * 2 * size + j];
      rows[b * 2 * size + j] = held;
    }
  }

  private void eliminate(int column, double pivot) {
    int pivotRow = column * 2 * size;
    for (int j = 0; j < 2 * size; j++) {
      rows[pivotRow + j] /= pivot;
    }
    for (int i = 0; i < size; i++) {
      double factor = rows[i * 2 * size + column];
      if (i != column && factor != 0) {
        for (int j = 0; j < 2 * size; j++) {
          rows[i * 2 * size + j] -= factor * rows[pivotRow + j];
        }
      }
    }
  }
}
