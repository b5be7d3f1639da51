package falcon.model.naming;

import falcon.model.Network;
import falcon.model.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One place where a node reads a constant, directly or through nodes that only arrange it.
///
/// @param constant name of the constant in the file
/// @param names names that the place knows the constant by: an exporter that merges equal constants
///     leaves a parameter's own name to the value that reads the merged one
record Use(Node node, int operand, String constant, List<String> names) {
  private static final Set<String> ARRANGING =
      Set.of("Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast");

  Use {
    names = List.copyOf(names);
  }

  /// Returns the use of a node's operand.
  ///
  /// @return null if the operand is no constant of floating-point numbers, or the node only
  ///     arranges it
  static @Nullable Use of(Network network, Node node, int operand) {
    if (isArranging(node)) {
      return null;
    }
    var names = new ArrayList<String>();
    String value = node.input(operand);
    while (value != null) {
      names.add(value);
      if (network.initializers().containsKey(value)) {
        return network.tensor(value).type().isFloatingPoint()
            ? new Use(node, operand, value, names)
            : null;
      }
      Node maker = network.producer(value);
      value = maker != null && isArranging(maker) ? maker.input(0) : null;
    }
    return null;
  }

  private static boolean isArranging(Node node) {
    return node.domain().isEmpty() && ARRANGING.contains(node.opType());
  }

  /// Returns the module that the node's name says it is of, `layer1.0.conv1` for
  /// `/layer1/layer1.0/conv1/Conv`, as PyTorch's exporter names nodes.
  ///
  /// @return empty if the name says nothing
  String module() {
    String[] words = node.name().split("/", -1);
    if (words.length < 3 || !words[0].isEmpty()) {
      return "";
    }
    var parts = new ArrayList<String>();
    for (int i = 1; i < words.length - 1; i++) {
      if (!parts.isEmpty() && words[i].startsWith(parts.getLast() + ".")) {
        parts.removeLast();
      }
      parts.add(words[i]);
    }
    return String.join(".", parts);
  }
}
