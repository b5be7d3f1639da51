package falcon.torch.reconstruction;

import falcon.torch.execution.GraphProgram;
import falcon.torch.layer.LayerMatrix;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// The order in which layers are re-fitted: graph order, except that a layer whose output is added
/// to another operand comes after the layers that this operand depends on. Only the last layer of a
/// sum compensates for its error. Tied weights are re-fitted at their first use, so that all later
/// layers are fitted to their true inputs.
final class ReconstructionOrder {
  /// The visit of one layer.
  record Visit(LayerMatrix layer, LayerNeighbourhood around) {}

  private final GraphProgram program;
  private final Map<Integer, List<Visit>> pendingByNode = new TreeMap<>();
  private final List<Visit> ordered = new ArrayList<>();

  private ReconstructionOrder(GraphProgram program) {
    this.program = program;
  }

  /// @param program program of the dense network
  /// @param tensorNames weight tensors; those without least squares are left out
  static List<Visit> of(GraphProgram program, List<String> tensorNames) {
    var visits = new ReconstructionOrder(program);
    for (String tensorName : tensorNames) {
      LayerMatrix layer = LayerMatrix.solvable(program, tensorName);
      if (layer != null) {
        visits
            .pendingByNode
            .computeIfAbsent(layer.products().getFirst().nodeIndex(), _ -> new ArrayList<>())
            .add(new Visit(layer, LayerNeighbourhood.of(program, layer)));
      }
    }
    for (int node : List.copyOf(visits.pendingByNode.keySet())) {
      visits.add(node, new HashSet<>());
    }
    return visits.ordered;
  }

  private void add(int node, Set<Integer> waiting) {
    List<Visit> here = pendingByNode.get(node);
    if (here == null || !waiting.add(node)) {
      return;
    }
    for (Visit visit : here) {
      String other = visit.around().otherOperand();
      boolean isComplete = true;
      if (other != null) {
        var ancestors = program.ancestors(program.producerOf(other));
        for (int ancestor : List.copyOf(pendingByNode.keySet())) {
          if (ancestors.get(ancestor)) {
            add(ancestor, waiting);
            isComplete &= !pendingByNode.containsKey(ancestor);
          }
        }
      }
      ordered.add(isComplete ? visit : new Visit(visit.layer(), visit.around().withoutOther()));
    }
    pendingByNode.remove(node);
  }
}
