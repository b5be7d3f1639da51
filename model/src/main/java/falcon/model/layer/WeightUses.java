package falcon.model.layer;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// The nodes that read a constant tensor: those that use it as weights, and all others.
///
/// `Identity`, and `Transpose` of two axes, are traced through.
///
/// @param uses uses in graph order; more than one if the weights are shared (tied)
/// @param others readers that do not use it as weights: they prevent pruning
public record WeightUses(List<WeightUse> uses, List<Node> others) {
  public WeightUses {
    uses = List.copyOf(uses);
    others = List.copyOf(others);
  }

  private record Alias(String value, boolean isTransposed) {}

  /// Finds the readers of an initializer.
  public static WeightUses of(Network network, String tensor) {
    var uses = new ArrayList<WeightUse>();
    var others = new ArrayList<Node>();
    var open = new ArrayDeque<Alias>();
    open.add(new Alias(tensor, false));
    // depth first, in graph order; each value has one producer, so none is met twice
    while (!open.isEmpty()) {
      Alias alias = open.pop();
      var behind = new ArrayList<Alias>();
      for (Node node : network.consumers(alias.value())) {
        if (node.outputs().isEmpty()) {
          others.add(node);
          continue;
        }
        boolean isTranspose = node.is("Transpose") && swapsTwoAxes(node, network, alias.value());
        if (isTranspose || node.is("Identity")) {
          behind.add(new Alias(node.outputs().getFirst(), alias.isTransposed() != isTranspose));
        } else if (!addUses(node, alias, uses)) {
          others.add(node);
        }
      }
      behind.reversed().forEach(open::push);
    }
    return new WeightUses(uses, others);
  }

  private static boolean addUses(Node node, Alias alias, List<WeightUse> uses) {
    boolean isUse = false;
    for (int operand = 0; operand < node.inputs().size(); operand++) {
      if (alias.value().equals(node.input(operand)) && isWeights(node, operand)) {
        uses.add(new WeightUse(node, operand, alias.isTransposed()));
        isUse = true;
      }
    }
    return isUse;
  }

  private static boolean swapsTwoAxes(Node transpose, Network network, String value) {
    Tensor tensor = network.initializers().get(value);
    List<Long> order = transpose.integers("perm", List.of(1L, 0L));
    return order.equals(List.of(1L, 0L)) && (tensor == null || tensor.shape().size() == 2);
  }

  private static boolean isWeights(Node node, int operand) {
    Product product = OperatorRules.product(node);
    return product != null && product.weights(node).contains(operand);
  }
}
