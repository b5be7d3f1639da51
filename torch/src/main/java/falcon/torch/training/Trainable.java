package falcon.torch.training;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Distinguishes the constants that a network has learnt from those that belong to its operators:
/// exponents, epsilons, masks, running statistics.
final class Trainable {
  /// Operators with learnt operands, and the indexes of these operands: −1 for any.
  private static final Map<String, Set<Integer>> OPERANDS =
      Map.ofEntries(
          Map.entry("Conv", Set.of(1, 2)),
          Map.entry("ConvTranspose", Set.of(1, 2)),
          Map.entry("Gemm", Set.of(0, 1, 2)),
          Map.entry("MatMul", Set.of(0, 1)),
          Map.entry("LSTM", Set.of(1, 2, 3, 5, 6, 7)),
          Map.entry("GRU", Set.of(1, 2, 3, 5)),
          Map.entry("RNN", Set.of(1, 2, 3, 5)),
          Map.entry("Gather", Set.of(0)),
          Map.entry("Add", Set.of(0, 1)),
          Map.entry("Sub", Set.of(0, 1)),
          Map.entry("Mul", Set.of(0, 1)),
          Map.entry("PRelu", Set.of(1)),
          Map.entry("Concat", Set.of(-1)),
          Map.entry("BatchNormalization", Set.of(1, 2)),
          Map.entry("LayerNormalization", Set.of(1, 2)),
          Map.entry("InstanceNormalization", Set.of(1, 2)),
          Map.entry("GroupNormalization", Set.of(1, 2)));

  /// Operators that only rearrange a tensor for its users.
  private static final Set<String> ARRANGING =
      Set.of("Identity", "Transpose", "Reshape", "Unsqueeze", "Squeeze", "Expand", "Slice");

  /// Greatest value of a mask, which a softmax turns into zero.
  private static final float MASKING = -1e4f;

  private Trainable() {}

  /// Returns the names of floating-point tensors of more than one element that every reader uses as
  ///     weights, biases or embeddings, in file order.
  static List<String> of(Network network) {
    return network.initializers().entrySet().stream()
        .filter(entry -> isLearnt(network, entry.getKey(), entry.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static boolean isLearnt(Network network, String name, Tensor tensor) {
    return tensor.type().isFloatingPoint()
        && tensor.size() > 1
        && !network.consumers(name).isEmpty()
        && isReadAsLearnt(network, name)
        && !isMask(tensor);
  }

  private static boolean isReadAsLearnt(Network network, String value) {
    for (Node node : network.consumers(value)) {
      boolean isArranged =
          node.domain().isEmpty()
              && ARRANGING.contains(node.opType())
              && value.equals(node.input(0))
              && isReadAsLearnt(network, node.outputs().getFirst());
      if (!isArranged && !isOperand(node, value)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isOperand(Node node, String value) {
    Set<Integer> learnt =
        node.domain().isEmpty() ? OPERANDS.getOrDefault(node.opType(), Set.of()) : Set.of();
    for (int i = 0; i < node.inputs().size(); i++) {
      if (node.inputs().get(i).equals(value) && !learnt.contains(i) && !learnt.contains(-1)) {
        return false;
      }
    }
    return !learnt.isEmpty();
  }

  private static boolean isMask(Tensor tensor) {
    for (float value : tensor.toFloats()) {
      if (!(value > MASKING && value < Float.POSITIVE_INFINITY)) {
        return true;
      }
    }
    return false;
  }
}
