package falcon.runtime.program;

import falcon.model.Network;
import falcon.model.UnusableNodeException;
import falcon.runtime.kernel.LayerChoice;
import falcon.runtime.operator.Step;
import falcon.runtime.operator.Value;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Compiles a network for one set of input shapes: [Tracing] finds shapes and folds constants,
/// [Patterns] and [Layers] join nodes, [Packing] gives layers to the kernels, [MemoryPlan] gives
/// every value a place, and each operation becomes a step.
public final class Compilation {
  private Compilation() {}

  /// @param shapes shape of each input, by name
  /// @param choice kernel of the layers, null for the plain evaluator
  /// @throws UnusableNodeException at a node that does not fit its inputs, or cannot be computed
  public static Program of(
      Network network, Map<String, List<Long>> shapes, @Nullable LayerChoice choice) {
    var resources = new Resources();
    boolean isDone = false;
    try {
      Graph traced = Tracing.of(network, shapes, resources.arena());
      Graph patterns = Patterns.replaced(traced, resources.arena());
      Graph layers = Layers.joined(patterns, resources.arena());
      Graph graph = choice == null ? layers : Packing.packed(layers, choice, resources);
      Program program = program(network, graph, resources);
      isDone = true;
      return program;
    } finally {
      if (!isDone) {
        resources.close();
      }
    }
  }

  private static Program program(Network network, Graph graph, Resources resources) {
    MemoryPlan plan = MemoryPlan.of(graph);
    MemorySegment memory = resources.arena().allocate(Math.max(1, plan.bytes()), 64);
    for (Value value : plan.values()) {
      value.place(memory.asSlice(plan.offset(value), value.roomBytes()));
    }
    var steps = new ArrayList<Step>();
    var labels = new ArrayList<String>();
    for (Operation operation : graph.operations()) {
      if (operation.isView()) {
        continue;
      }
      try {
        steps.add(operation.operator().binding().apply(operation.operands()));
        labels.add(operation.node().label());
      } catch (UnusableNodeException e) {
        throw e.in(network);
      }
    }
    return new Program(steps, labels, graph, resources, plan.bytes());
  }
}
