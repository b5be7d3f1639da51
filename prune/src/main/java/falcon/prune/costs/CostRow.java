package falcon.prune.costs;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/// One row of a table of costs.
///
/// @param line its number in the file, from 1
/// @param layer name of the weight tensor
/// @param first first index along the tensor's first axis that the row is about; −1 for all
/// @param last last such index; −1 for all
/// @param cost cost of one kept weight; null if a tensor has those of all weights
/// @param tensors name of the safetensors file that has them, beside the table; null if `cost` is
///     there
/// @param fixed what is paid whatever is pruned
record CostRow(
    int line,
    String layer,
    long first,
    long last,
    @Nullable BigDecimal cost,
    @Nullable String tensors,
    BigDecimal fixed) {
  /// Returns whether the row is about the whole layer.
  boolean isWhole() {
    return first < 0;
  }
}
