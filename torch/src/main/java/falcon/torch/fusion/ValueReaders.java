package falcon.torch.fusion;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The producer of each value, its readers, and the initializer that it equals.
final class ValueReaders {
  private final List<Node> nodes;
  private final Map<String, Integer> makers = new HashMap<>();
  private final Map<String, Integer> uses = new HashMap<>();

  /// The only node that reads a value; −1 where there are several.
  private final Map<String, Integer> readers = new HashMap<>();

  private final Map<String, String> origins = new HashMap<>();

  ValueReaders(Network network) {
    nodes = network.nodes();
    origins.put("", "");
    network.initializers().keySet().forEach(name -> origins.put(name, name));
    for (int i = 0; i < nodes.size(); i++) {
      int index = i;
      Node node = nodes.get(i);
      for (String input : node.inputs()) {
        uses.merge(input, 1, Integer::sum);
        readers.merge(input, index, (_, _) -> -1);
      }
      node.outputs().forEach(output -> makers.put(output, index));
      String origin = node.is("Identity") ? origins.get(node.inputs().getFirst()) : null;
      if (origin != null) {
        origins.put(node.outputs().getFirst(), origin);
      }
    }
    network.outputs().stream()
        .map(ValueInfo::name)
        .distinct()
        .forEach(output -> uses.merge(output, 1, Integer::sum));
  }

  List<Node> nodes() {
    return nodes;
  }

  /// @return index of the node that computes the value, −1 for an input or an initializer
  int makerOf(String value) {
    return makers.getOrDefault(value, -1);
  }

  /// Returns whether a value is read once, and is no output of the network.
  boolean isReadOnce(String value) {
    return uses.getOrDefault(value, 0) == 1;
  }

  /// @return index of the node that alone reads the value, and once; −1 if there is none
  int soleReader(String value) {
    return isReadOnce(value) ? readers.getOrDefault(value, -1) : -1;
  }

  /// Returns the initializer that a value equals, directly or through `Identity`; the empty name of
  /// an omitted input is returned as it is.
  ///
  /// @return null if there is none
  @Nullable String origin(String value) {
    return origins.get(value);
  }
}
