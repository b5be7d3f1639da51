package falcon.prune.resources;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.shape.ShapeInference;
import falcon.model.shape.Shapes;
import java.util.HashMap;
import java.util.Map;

/// The memory of the values between two nodes while a network is evaluated layer by layer.
final class LiveValues {
  private LiveValues() {}

  /// @return greatest total size of the values that are still to be read, float32, for one sample
  static long bytesPerSample(Network network) {
    Shapes shapes = ShapeInference.infer(network, ShapeInference.inputShapes(network, 1));
    Map<String, Integer> readsLeft = new HashMap<>();
    for (Node node : network.nodes()) {
      node.inputs().forEach(input -> readsLeft.merge(input, 1, Integer::sum));
    }
    Map<String, Long> live = new HashMap<>();
    String input = network.inputs().getFirst().name();
    live.put(input, bytes(shapes, input));
    long greatest = 0;
    for (Node node : network.nodes()) {
      for (String output : node.outputs()) {
        live.put(output, bytes(shapes, output));
      }
      greatest = Math.max(greatest, live.values().stream().mapToLong(Long::longValue).sum());
      for (String read : node.inputs()) {
        if (readsLeft.merge(read, -1, Integer::sum) == 0) {
          live.remove(read);
        }
      }
    }
    return greatest;
  }

  /// Returns the size of a value; an output that its operator omits takes no memory.
  private static long bytes(Shapes shapes, String value) {
    if (!shapes.byValue().containsKey(value)) {
      return 0;
    }
    return Math.multiplyExact((long) Float.BYTES, Tensor.elements(shapes.of(value)));
  }
}
