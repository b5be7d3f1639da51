package falcon.torch;

import falcon.model.Network;
import falcon.model.Node;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A network's nodes in running order, and after which node each value is needed no more.
final class GraphProgram {
  private final Network network;
  private final Map<String, Integer> lastUse = new HashMap<>();
  private final Map<String, Integer> producedBy = new HashMap<>();
  private final Set<String> outputs = new HashSet<>();

  GraphProgram(Network network) {
    this.network = network;
    if (network.inputs().size() != 1) {
      throw new UnsupportedNetworkException(
          "the network takes %d inputs (%s); one is supported"
              .formatted(network.inputs().size(), network.inputs()));
    }
    for (int i = 0; i < network.nodes().size(); i++) {
      Node node = network.nodes().get(i);
      for (String input : node.inputs()) {
        lastUse.put(input, i);
      }
      for (String output : node.outputs()) {
        producedBy.put(output, i);
      }
    }
    network.outputs().forEach(output -> outputs.add(output.name()));
  }

  Network network() {
    return network;
  }

  List<Node> nodes() {
    return network.nodes();
  }

  String input() {
    return network.inputs().getFirst().name();
  }

  String output() {
    return network.outputs().getFirst().name();
  }

  /// @return number of the node that makes the value, −1 for the network's input
  int producerOf(String value) {
    Integer producer = producedBy.get(value);
    return producer == null ? -1 : producer;
  }

  /// @return whether nothing after this node reads the value and it is no output of the network
  boolean isLastUse(String value, int node) {
    return !outputs.contains(value) && lastUse.getOrDefault(value, -1) <= node;
  }
}
