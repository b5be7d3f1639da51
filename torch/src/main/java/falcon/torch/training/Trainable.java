package falcon.torch.training;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.operator.OperatorRule;
import falcon.model.operator.OperatorRules;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Distinguishes the constants that a network has learnt from those that belong to its operators:
/// exponents, epsilons, masks, running statistics.
final class Trainable {
  /// Greatest value of a mask, which a softmax turns into zero.
  private static final float MASKING = -1e4f;

  private Trainable() {}

  /// Returns the names of floating-point tensors of more than one element that every reader uses as
  /// weights, biases or embeddings, in file order.
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
          OperatorRules.has(node, OperatorRule.Trait.ARRANGES)
              && value.equals(node.input(0))
              && isReadAsLearnt(network, node.outputs().getFirst());
      if (!isArranged && !isOperand(node, value)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isOperand(Node node, String value) {
    OperatorRule rule = OperatorRules.of(node);
    Set<Integer> learnt = rule == null ? Set.of() : rule.learnt();
    for (int i = 0; i < node.inputs().size(); i++) {
      if (node.inputs().get(i).equals(value)
          && !learnt.contains(i)
          && !learnt.contains(OperatorRule.ANY)) {
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
