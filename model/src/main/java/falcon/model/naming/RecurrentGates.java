package falcon.model.naming;

import falcon.model.Node;
import java.util.Arrays;
import java.util.List;

/// The order of the gates of a recurrent layer: PyTorch stacks those of an LSTM as input, forget,
/// cell, output and those of a GRU as reset, update, new; ONNX as input, output, forget, cell and
/// update, reset, hidden.
///
/// @param order place in PyTorch of each gate of ONNX
record RecurrentGates(List<Integer> order) {
  /// Returns the gates of a node; of none if it is not recurrent.
  static RecurrentGates of(Node node) {
    if (node.is("LSTM")) {
      return new RecurrentGates(List.of(0, 3, 1, 2));
    }
    if (node.is("GRU")) {
      return new RecurrentGates(List.of(1, 0, 2));
    }
    return new RecurrentGates(node.is("RNN") ? List.of(0) : List.of());
  }

  int count() {
    return order.size();
  }

  /// Returns where the rows of a direction's tensor are in a constant of both directions.
  ///
  /// @param start index in the constant of the direction's first row
  /// @param hidden number of rows of a gate
  /// @param columns number of elements of a row; 1 for a bias
  Arrangement arrangement(int start, int hidden, int columns) {
    var rows = new int[count() * hidden];
    Arrays.fill(rows, Arrangement.NONE);
    for (int gate = 0; gate < count(); gate++) {
      for (int unit = 0; unit < hidden; unit++) {
        rows[order.get(gate) * hidden + unit] = start + (gate * hidden + unit) * columns;
      }
    }
    return columns == 1
        ? new Arrangement(rows, 1, new int[0], new int[0])
        : new Arrangement(rows, columns, new int[] {columns}, new int[] {1});
  }
}
