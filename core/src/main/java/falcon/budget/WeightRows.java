package falcon.budget;

/// The weights of a layer as the matrices that it multiplies by, `[groups, outputs, rowLength]`.
///
/// Rows are numbered through all groups: row `g · outputs + o` has the weights of output o of group
/// g. Implementations are immutable, and equal if they number the weights in the same way.
public interface WeightRows {
  /// Returns the number of groups, one or more.
  int groups();

  /// Returns the number of outputs of one group, one or more.
  int outputs();

  /// Returns the number of weights of one output, one or more.
  int rowLength();

  /// Returns the numbers that the weights of some rows have in their layer, row after row.
  ///
  /// @return `[rows · rowLength]`, 0 … weights of the layer − 1, a new array
  int[] indexes(int firstRow, int rows);

  /// Returns the number of all weights.
  default long weights() {
    return (long) groups() * outputs() * rowLength();
  }
}
