package falcon.model.layer;

import falcon.model.Attribute;
import falcon.model.GraphOrder;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The values of a network that do not depend on its inputs.
final class ConstantValues {
  private final Network network;

  /// The initializer by each value that equals it, as it is or transposed.
  private final Map<String, String> tensorByValue = new HashMap<>();

  private final Set<String> constants = new HashSet<>();

  private ConstantValues(Network network) {
    this.network = network;
    network.initializers().keySet().forEach(name -> tensorByValue.put(name, name));
    constants.addAll(network.initializers().keySet());
    constants.addAll(network.opaqueInitializers().keySet());
    network.inputs().stream()
        .filter(network::isShared)
        .forEach(input -> constants.add(input.name()));
    for (Node node : network.nodes()) {
      if (constants.containsAll(GraphOrder.valuesRead(node)) && !isRandom(node)) {
        constants.addAll(node.outputs());
        boolean isSame = node.is("Identity") || node.is("Transpose");
        if (isSame && !node.inputs().isEmpty() && !node.outputs().isEmpty()) {
          String tensor = tensorByValue.get(node.inputs().getFirst());
          if (tensor != null) {
            tensorByValue.put(node.outputs().getFirst(), tensor);
          }
        }
      }
    }
  }

  static ConstantValues of(Network network) {
    return new ConstantValues(network);
  }

  /// Returns whether a value depends on no input.
  boolean isConstant(String value) {
    return constants.contains(value);
  }

  /// Returns whether the outputs of a node depend on no input.
  boolean isConstant(Node node) {
    return !node.outputs().isEmpty() && constants.containsAll(node.outputs());
  }

  /// Returns the initializer that a value equals, traced through `Identity` and `Transpose`.
  ///
  /// @return null if there is none
  @Nullable String tensorBehind(String value) {
    return tensorByValue.get(value);
  }

  /// Returns the reason why a constant operand of a product has no weights that can be pruned.
  String whyNoWeights(Node node, String operand) {
    String tensor = tensorByValue.get(operand);
    if (tensor != null) {
      Tensor found = network.tensor(tensor);
      return found.type().isFloatingPoint()
          ? "no weights of %s nodes are pruned ('%s')".formatted(node.opType(), tensor)
          : "quantised: the elements of '%s' are %s".formatted(tensor, found.type());
    }
    String kind = network.opaqueInitializers().get(operand);
    if (kind != null) {
      return "its weights '%s' are %s, left alone".formatted(operand, kind);
    }
    if (network.given().containsKey(operand)) {
      return "its weights are the input '%s', which has one value for all examples"
          .formatted(operand);
    }
    Node maker = Objects.requireNonNull(network.producer(operand));
    if (maker.is("DequantizeLinear")) {
      return "quantised: %s makes its weights".formatted(maker.label());
    }
    return "its weights are computed, by " + maker.label();
  }

  private static boolean isRandom(Node node) {
    return node.opType().startsWith("Random")
        || node.is("Multinomial")
        || node.is("Bernoulli")
        || node.attributes().values().stream().anyMatch(Attribute.GraphValue.class::isInstance);
  }
}
