package falcon.torch.training;

import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.torch.execution.GraphProgram;
import falcon.torch.layer.EmbeddingGeometry;
import falcon.torch.layer.LayerMatrix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;

/// Chooses the features: values inside a network that show how closely it reproduces another
/// network.
///
/// Features are inputs of layers. *Cuts* are preferred: values after which no later node reads an
/// older value. Values computed from integers alone, masks and positions for instance, are ignored,
/// but not the table entries that they look up. In a network without cuts (two branches, long
/// skips) the features are inputs of some layers on its longest path.
final class Features {
  /// Greatest number of layers on a longest path whose inputs are features.
  private static final int MOST_ON_PATH = 12;

  private Features() {}

  /// @param tensorNames weight tensors
  /// @return the features by name, in execution order, without the network's output: the axis of
  ///     the channels of each, negative, as the first layer that reads it has it
  ///     ([falcon.torch.layer.LayerGeometry#inputAxis])
  static SequencedMap<String, Integer> of(GraphProgram program, List<String> tensorNames) {
    Map<String, Integer> read = new HashMap<>();
    Set<Integer> layers = new HashSet<>();
    for (String tensorName : tensorNames) {
      for (LayerMatrix.Use use : LayerMatrix.of(program, tensorName).uses()) {
        layers.add(use.nodeIndex());
        if (!(use.geometry() instanceof EmbeddingGeometry)) {
          String value = use.isRecurrent() ? use.node().inputs().getFirst() : use.input();
          read.putIfAbsent(value, use.geometry().inputAxis());
        }
      }
    }
    read.remove(program.output());
    List<String> cuts = cuts(program, layers).stream().filter(read::containsKey).toList();
    var features = new LinkedHashMap<String, Integer>();
    for (String name : cuts.isEmpty() ? onLongestPath(program, layers, read.keySet()) : cuts) {
      features.put(name, Objects.requireNonNull(read.get(name)));
    }
    return features;
  }

  /// Returns the values, in execution order, that all results of layers pass through.
  private static List<String> cuts(GraphProgram program, Set<Integer> layers) {
    var cuts = new ArrayList<String>();
    var readsLeft = new HashMap<String, Integer>();
    Set<String> made = new HashSet<>();
    for (ValueInfo input : program.network().inputs()) {
      if (input.type() == null || input.type().isFloatingPoint()) {
        made.add(input.name());
        readsLeft.put(input.name(), program.uses(input.name()));
      }
    }
    List<Node> nodes = program.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      boolean isMade =
          layers.contains(i)
              || isLookedUp(program, node)
              || node.inputs().stream().anyMatch(made::contains);
      for (String operand : node.inputs()) {
        if (made.contains(operand) && readsLeft.merge(operand, -1, Integer::sum) == 0) {
          readsLeft.remove(operand);
        }
      }
      if (isMade) {
        for (String output : node.outputs()) {
          made.add(output);
          if (program.uses(output) > 0) {
            readsLeft.put(output, program.uses(output));
          }
        }
        if (readsLeft.size() == 1
            && node.outputs().contains(readsLeft.keySet().iterator().next())) {
          cuts.add(readsLeft.keySet().iterator().next());
        }
      }
    }
    return cuts;
  }

  private static boolean isLookedUp(GraphProgram program, Node node) {
    Tensor table =
        node.is("Gather") ? program.network().initializers().get(node.inputs().getFirst()) : null;
    return table != null && table.type().isFloatingPoint() && table.shape().size() > 1;
  }

  /// Returns inputs of layers on the path to the output with the most layers.
  private static List<String> onLongestPath(
      GraphProgram program, Set<Integer> layers, Set<String> read) {
    Map<String, Integer> depth = new HashMap<>();
    List<Node> nodes = program.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      int own = layers.contains(i) ? 1 : 0;
      int deepest =
          nodes.get(i).inputs().stream().mapToInt(v -> depth.getOrDefault(v, 0)).max().orElse(0);
      for (String output : nodes.get(i).outputs()) {
        depth.put(output, deepest + own);
      }
    }
    var path = new LinkedHashSet<String>();
    int node = program.producerOf(program.output());
    while (node >= 0) {
      String deepest =
          nodes.get(node).inputs().stream()
              .filter(value -> !value.isEmpty())
              .max(Comparator.comparingInt(v -> depth.getOrDefault(v, 0)))
              .orElse("");
      if (read.contains(deepest) && program.producerOf(deepest) >= 0) {
        path.add(deepest);
      }
      node = program.producerOf(deepest);
    }
    List<String> inOrder = List.copyOf(path).reversed();
    int step = Math.max(1, Math.ceilDiv(inOrder.size(), MOST_ON_PATH));
    var some = new ArrayList<String>();
    for (int i = inOrder.size() - 1; i >= 0; i -= step) {
      some.addFirst(inOrder.get(i));
    }
    return some;
  }
}
