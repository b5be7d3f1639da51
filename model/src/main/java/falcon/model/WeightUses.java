package falcon.model;

import java.util.ArrayList;
import java.util.List;

/// Who reads a constant tensor: nodes that use it as weights, and all others.
///
/// `Identity`, and `Transpose` of two axes, are looked through.
///
/// @param uses in graph order; more than one if the weights are shared (tied)
/// @param others readers for which it is not weights: they stand in the way of pruning
public record WeightUses(List<WeightUse> uses, List<Node> others) {
  public WeightUses {
    uses = List.copyOf(uses);
    others = List.copyOf(others);
  }

  /// Readers of an initializer.
  public static WeightUses of(Network network, String tensor) {
    var uses = new ArrayList<WeightUse>();
    var others = new ArrayList<Node>();
    collect(network, tensor, false, uses, others);
    return new WeightUses(uses, others);
  }

  private static void collect(
      Network network,
      String value,
      boolean isTransposed,
      List<WeightUse> uses,
      List<Node> others) {
    for (Node node : network.consumers(value)) {
      if (node.outputs().isEmpty()) {
        others.add(node);
      } else if (node.is("Identity")) {
        collect(network, node.outputs().getFirst(), isTransposed, uses, others);
      } else if (node.is("Transpose") && swapsTwoAxes(node, network, value)) {
        collect(network, node.outputs().getFirst(), !isTransposed, uses, others);
      } else {
        boolean isUse = false;
        for (int operand = 0; operand < node.inputs().size(); operand++) {
          if (value.equals(node.input(operand)) && isWeights(node, operand)) {
            uses.add(new WeightUse(node, operand, isTransposed));
            isUse = true;
          }
        }
        if (!isUse) {
          others.add(node);
        }
      }
    }
  }

  private static boolean swapsTwoAxes(Node transpose, Network network, String value) {
    Tensor tensor = network.initializers().get(value);
    List<Long> order = transpose.integers("perm", List.of(1L, 0L));
    return order.equals(List.of(1L, 0L)) && (tensor == null || tensor.shape().size() == 2);
  }

  private static boolean isWeights(Node node, int operand) {
    if (!node.domain().isEmpty()) {
      return false;
    }
    return switch (node.opType()) {
      case "Conv", "ConvTranspose" -> operand == 1;
      case "Gemm", "MatMul" -> operand == 0 || operand == 1;
      case "LSTM", "GRU", "RNN" -> operand == 1 || operand == 2;
      case "Gather" -> operand == 0;
      default -> false;
    };
  }
}
