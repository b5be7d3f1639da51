package falcon.model.layer;

import falcon.model.DataType;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import org.jspecify.annotations.Nullable;

/// Finds the reason why a weight tensor cannot, or must not, be pruned.
///
/// @param constants the constant values of the network
/// @param name name of the tensor
/// @param readers nodes that read the tensor
record PruningObstacle(Network network, ConstantValues constants, String name, WeightUses readers) {

  /// Returns the reason against pruning, the network's own reasons before the user's.
  ///
  /// @return null if there is none
  @Nullable String reason(LayerSelection selection) {
    Tensor tensor = network.tensor(name);
    if (!tensor.type().isFloatingPoint()) {
      return isQuantised(tensor.type())
          ? "quantised: its elements are " + tensor.type()
          : "its elements are " + tensor.type();
    }
    if (tensor.shape().size() < 2) {
      return "it is a vector";
    }
    if (tensor.size() == 0) {
      return "it has no elements";
    }
    String reader = readerInTheWay();
    if (reader != null) {
      return reader;
    }
    if (isOutput(name)) {
      return "it is an output of the network";
    }
    String leftOut = selection.leftOut(name);
    if (leftOut != null) {
      return leftOut;
    }
    if (selection.isIncluded(name)) {
      return null;
    }
    String basis = ConstantBasis.of(tensor);
    if (basis != null) {
      return "%s, not learnt: pruned only if asked for by name (%s)"
          .formatted(basis, ModelOption.INCLUDE);
    }
    boolean isEmbedding = readers.uses().stream().anyMatch(WeightUse::isLookup);
    return isEmbedding
        ? "an embedding: pruned only if asked for by name (%s)".formatted(ModelOption.INCLUDE)
        : null;
  }

  private @Nullable String readerInTheWay() {
    for (Node other : readers.others()) {
      return other.inputs().stream().anyMatch(this::isTheTensor)
          ? other.label() + " reads it, too"
          : "it is read inside the subgraph of " + other.label();
    }
    for (int i = 0; i < readers.uses().size(); i++) {
      Node node = readers.uses().get(i).node();
      if (constants.isConstant(node)) {
        return node.label() + " multiplies it with a constant";
      }
      for (WeightUse earlier : readers.uses().subList(0, i)) {
        if (earlier.node().equals(node)) {
          return node.label() + " reads it twice";
        }
      }
    }
    return null;
  }

  private boolean isTheTensor(String value) {
    return name.equals(constants.tensorBehind(value));
  }

  /// Returns whether the tensor, as it is or transposed, is an output of the network.
  private boolean isOutput(String value) {
    return network.outputs().stream().anyMatch(output -> output.name().equals(value))
        || network.consumers(value).stream()
            .filter(node -> node.is("Identity") || node.is("Transpose"))
            .flatMap(node -> node.outputs().stream())
            .anyMatch(this::isOutput);
  }

  private static boolean isQuantised(DataType type) {
    return switch (type) {
      case INT8, UINT8, INT16, UINT16 -> true;
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16, INT32, INT64, BOOL, UINT32, UINT64 -> false;
    };
  }
}
