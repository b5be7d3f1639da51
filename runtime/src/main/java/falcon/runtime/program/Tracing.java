package falcon.runtime.program;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.UnusableNodeException;
import falcon.model.ValueInfo;
import falcon.model.operator.InferredValue;
import falcon.model.shape.ShapeInference;
import falcon.runtime.operator.Form;
import falcon.runtime.operator.Operands;
import falcon.runtime.operator.Operator;
import falcon.runtime.operator.Operators;
import falcon.runtime.operator.Step;
import falcon.runtime.operator.Value;
import falcon.runtime.operator.Workspace;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Follows a network from inputs of known shapes to its outputs: finds type and shape of every
/// value, and computes at once what follows from constants and shapes.
final class Tracing {
  private final Network network;
  private final Arena arena;
  private final Workspace workspace = new Workspace();
  private final Map<String, Value> values = new HashMap<>();
  private final Set<String> read = new HashSet<>();
  private final List<Operation> operations = new ArrayList<>();

  private Tracing(Network network, Arena arena) {
    this.network = network;
    this.arena = arena;
  }

  /// @param shapes shape of each input, by name
  /// @param arena owner of the constants' memory
  /// @throws UnusableNodeException at a node that does not fit its inputs, or cannot be computed
  static Graph of(Network network, Map<String, List<Long>> shapes, Arena arena) {
    return new Tracing(network, arena).traced(shapes);
  }

  private Graph traced(Map<String, List<Long>> shapes) {
    var inputs = new ArrayList<Value>();
    for (ValueInfo input : network.inputs()) {
      DataType type = input.type();
      List<Long> shape = shapes.get(input.name());
      if (type == null || shape == null) {
        throw new IllegalArgumentException(
            "%sinput '%s' is no tensor of numbers, or has no shape"
                .formatted(network.place(), input));
      }
      Value value = Value.computed(input.name(), new Form(type, shape));
      values.put(input.name(), value);
      inputs.add(value);
    }
    network
        .initializers()
        .forEach((name, tensor) -> values.put(name, Value.constant(name, tensor, arena)));
    List<Node> nodes = LiveNodes.of(network);
    network.outputs().forEach(output -> read.add(output.name()));
    nodes.forEach(node -> read.addAll(node.inputs()));
    for (Node node : nodes) {
      try {
        add(node);
      } catch (UnusableNodeException e) {
        throw e.in(network);
      } catch (ArithmeticException e) {
        throw new UnusableNodeException(
                node,
                "a value has more than 2^31 − 1 elements (%s)".formatted(e.getMessage()),
                "Give smaller inputs.")
            .in(network);
      }
    }
    var outputs = new ArrayList<Value>();
    for (ValueInfo output : network.outputs()) {
      Value value = values.get(output.name());
      if (value == null) {
        throw new IllegalArgumentException(
            "%soutput '%s' is a constant of a type that cannot be computed with"
                .formatted(network.place(), output.name()));
      }
      outputs.add(value);
    }
    return new Graph(operations, inputs, outputs);
  }

  private void add(Node node) {
    Operator operator = Operators.of(node);
    if (operator == null) {
      throw MissingOperators.missing(node);
    }
    var inputs = new ArrayList<@Nullable Value>();
    var known = new HashMap<String, InferredValue>();
    for (String name : node.inputs()) {
      Value value = values.get(name);
      if (value == null && !name.isEmpty()) {
        throw new UnusableNodeException(
            node,
            "its input '%s' is of a type that cannot be computed with".formatted(name),
            MissingOperators.INSTEAD);
      }
      inputs.add(value);
      if (value != null) {
        known.put(name, value.inferred());
      }
    }
    List<InferredValue> results = ShapeInference.results(node, known);
    var untyped = new Operands(node, inputs, List.of(), network.opset());
    boolean isConstant =
        operator.kind() == Operator.Kind.OF_SHAPES
            || inputs.stream().allMatch(value -> value == null || value.isConstant());
    var outputs = new ArrayList<@Nullable Value>();
    for (int i = 0; i < node.outputs().size(); i++) {
      String name = node.outputs().get(i);
      if (name.isEmpty() || !read.contains(name)) {
        outputs.add(null);
        continue;
      }
      if (i >= results.size()) {
        throw new UnusableNodeException(
            node, "its output %d is not computed here".formatted(i), MissingOperators.INSTEAD);
      }
      var form = new Form(operator.types().of(untyped, i), results.get(i).shape());
      Value value = isConstant ? constant(name, form) : Value.computed(name, form);
      outputs.add(value);
      values.put(name, value);
    }
    var operands = new Operands(node, inputs, outputs, network.opset());
    if (!isConstant) {
      operations.add(new Operation(operands, operator));
    } else {
      compute(operator.binding().apply(operands));
    }
  }

  private Value constant(String name, Form form) {
    Value sized = Value.computed(name, form);
    return Value.constant(
        name,
        form,
        arena.allocate(Math.max(1, sized.bytes()), 64).asSlice(0, sized.bytes()),
        arena);
  }

  private void compute(Step step) {
    int parts = step.parts();
    for (int part = 0; part < parts; part++) {
      step.run(part, workspace);
    }
  }
}
