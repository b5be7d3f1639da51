package falcon.torch.execution;

import com.sun.management.OperatingSystemMXBean;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.shape.ShapeCheck;
import falcon.torch.Torch;
import falcon.torch.operator.Operands;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// Checks a network's nodes against their operands and caches, for each shape of its inputs, the
/// nodes that are known to fit: each shape is checked once, so that a pass costs nothing.
final class NodeChecks {
  /// The greatest number of integers whose values are checked: longer lists are data, not shapes.
  private static final long MOST_NUMBERS = 64;

  private final Network network;
  private final ShapeCheck check = new ShapeCheck(mostElements());
  private final Map<List<List<Long>>, BitSet> unknownByShapes = new ConcurrentHashMap<>();

  NodeChecks(Network network) {
    this.network = network;
  }

  /// Returns the number of float32 elements that the memory of the machine, or of the control
  /// group, holds.
  private static long mostElements() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getTotalMemorySize() / Float.BYTES
        : Long.MAX_VALUE;
  }

  /// Checks the nodes whose shapes follow from those of the inputs.
  ///
  /// @param inputs inputs in the network's order
  /// @return indices of the other nodes, which [#require] checks; read only
  /// @throws falcon.model.UnusableNodeException if a node contradicts its operands
  BitSet unknownNodes(List<Tensor> inputs) {
    List<List<Long>> shapes = inputs.stream().map(NodeChecks::shape).toList();
    BitSet known = unknownByShapes.get(shapes);
    if (known != null) {
      return known;
    }
    var byName = new LinkedHashMap<String, List<Long>>();
    for (int i = 0; i < shapes.size(); i++) {
      byName.put(network.inputs().get(i).name(), shapes.get(i));
    }
    BitSet unknown;
    try {
      unknown = check.unknownNodes(network, byName);
    } catch (IllegalArgumentException e) {
      // inputs that are empty, or not as the file declares them: each node is checked when it runs
      unknown = new BitSet();
      unknown.set(0, network.nodes().size());
    }
    unknownByShapes.put(shapes, unknown);
    return unknown;
  }

  /// Checks a node whose operands are known.
  ///
  /// @throws falcon.model.UnusableNodeException if it contradicts its operands
  void require(Node node, Operands in) {
    var values = new ArrayList<ShapeCheck.@Nullable Value>();
    for (int i = 0; i < in.count(); i++) {
      Tensor tensor = in.tensor(i);
      values.add(tensor == null ? null : new ShapeCheck.Value(shape(tensor), wholeNumbers(tensor)));
    }
    check.require(network, node, values);
  }

  private static @Nullable List<Long> wholeNumbers(Tensor tensor) {
    return tensor.is_floating_point() || tensor.numel() > MOST_NUMBERS
        ? null
        : Arrays.stream(Torch.longs(tensor)).boxed().toList();
  }

  private static List<Long> shape(Tensor tensor) {
    return Arrays.stream(tensor.shape()).boxed().toList();
  }
}
