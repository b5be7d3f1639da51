package falcon.torch;

import falcon.model.Network;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// The order in which layers are re-fitted: as in the graph, but before a layer whose output is added to
/// something come the layers that this other operand depends on. A sum is made good by its last layer
/// only.
final class LayerVisits {
  /// One layer's turn.
  record Visit(LayerMatrix layer, LayerSurroundings around) {}

  private final GraphProgram program;
  private final Map<Integer, Visit> pendingByNode = new TreeMap<>();
  private final List<Visit> ordered = new ArrayList<>();

  private LayerVisits(GraphProgram program) {
    this.program = program;
  }

  /// @param tensorNames weight tensors, each of one layer
  static List<Visit> of(Network dense, GraphProgram program, List<String> tensorNames) {
    var visits = new LayerVisits(program);
    for (String tensorName : tensorNames) {
      LayerMatrix layer = LayerMatrix.of(dense, tensorName);
      visits.pendingByNode.put(
          layer.nodeIndex(), new Visit(layer, LayerSurroundings.of(dense, program, layer)));
    }
    for (int node : List.copyOf(visits.pendingByNode.keySet())) {
      visits.add(node, new HashSet<>());
    }
    return visits.ordered;
  }

  private void add(int node, Set<Integer> waiting) {
    Visit visit = pendingByNode.get(node);
    if (visit == null || !waiting.add(node)) {
      return;
    }
    String other = visit.around().otherOperand();
    boolean isComplete = true;
    if (other != null) {
      for (int ancestor : program.ancestors(program.producerOf(other))) {
        add(ancestor, waiting);
        isComplete &= !pendingByNode.containsKey(ancestor);
      }
    }
    pendingByNode.remove(node);
    ordered.add(isComplete ? visit : new Visit(visit.layer(), visit.around().withoutOther()));
  }
}
