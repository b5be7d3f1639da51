package falcon.model.shape;

import falcon.model.Dimension;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.ValueInfo;
import falcon.model.operator.InferredValue;
import falcon.model.operator.Operands;
import falcon.model.operator.OperatorRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// Infers shapes through a network, from its inputs to its outputs.
///
/// Integers that are computed from shapes (`Shape`, `Gather`, `Concat`, … up to a `Reshape`) are
/// evaluated during inference, so a network with an open batch axis need not be run.
public final class ShapeInference {
  private ShapeInference() {}

  /// Returns the shapes of the inputs for a number of examples.
  ///
  /// @param batch size of the axis that counts examples wherever the network leaves it open, 1 or
  ///     more
  /// @throws IllegalArgumentException if the network leaves another axis open: names it
  public static Map<String, List<Long>> inputShapes(Network network, long batch) {
    var shapes = new LinkedHashMap<String, List<Long>>();
    network.inputs().forEach(input -> shapes.put(input.name(), inputShape(network, input, batch)));
    return shapes;
  }

  /// Returns the shape of one input for a number of examples.
  ///
  /// @throws IllegalArgumentException if another axis than that of examples is open: names it
  static List<Long> inputShape(Network network, ValueInfo input, long batch) {
    Tensor shared = network.isShared(input) ? network.given().get(input.name()) : null;
    if (shared != null) {
      return shared.shape();
    }
    if (input.dimensions() == null) {
      throw open(input);
    }
    var shape = new ArrayList<Long>();
    for (Dimension dimension : input.dimensions()) {
      shape.add(
          switch (dimension) {
            case Dimension.Fixed(long size) -> size;
            case Dimension.Symbolic _ when shape.size() == input.axisOfExamples() -> batch;
            case Dimension.Symbolic _ -> throw open(input);
          });
    }
    return List.copyOf(shape);
  }

  /// Infers the shapes of all values.
  ///
  /// @param inputShapes shape of each graph input, by name
  /// @throws IllegalArgumentException if an input has no shape, or one that contradicts the graph
  /// @throws UnusableNodeException at a node whose operator is unknown or that does not fit its
  ///     inputs
  public static Shapes infer(Network network, Map<String, List<Long>> inputShapes) {
    var values = new LinkedHashMap<String, InferredValue>();
    for (ValueInfo input : network.inputs()) {
      values.put(input.name(), known(network, input, checked(network, input, inputShapes)));
    }
    network.initializers().forEach((name, tensor) -> values.put(name, InferredValue.of(tensor)));
    for (Node node : network.nodes()) {
      List<InferredValue> results = results(node, values);
      for (int i = 0; i < Math.min(node.outputs().size(), results.size()); i++) {
        values.put(node.outputs().get(i), results.get(i));
      }
    }
    var shapes = new LinkedHashMap<String, List<Long>>();
    values.forEach((name, value) -> shapes.put(name, value.shape()));
    return new Shapes(shapes);
  }

  /// Infers the outputs of a node.
  ///
  /// @param values known values before the node, by name
  /// @throws UnusableNodeException if its operator is unknown or does not fit its inputs
  public static List<InferredValue> results(Node node, Map<String, InferredValue> values) {
    Operands operands = operands(node, values);
    if (ControlFlow.isOf(node)) {
      throw ControlFlow.left(operands);
    }
    try {
      return OperatorRules.results(operands);
    } catch (ArithmeticException e) {
      throw operands.mismatch("its sizes are beyond counting (%s)".formatted(e.getMessage()));
    } catch (IndexOutOfBoundsException | NoSuchElementException e) {
      throw operands.mismatch(
          "an input has too few axes or elements (%s)".formatted(e.getMessage()));
    } catch (IllegalArgumentException e) {
      throw operands.mismatch(String.valueOf(e.getMessage()));
    }
  }

  private static Operands operands(Node node, Map<String, InferredValue> values) {
    var inputs = new ArrayList<@Nullable InferredValue>();
    for (String input : node.inputs()) {
      InferredValue value = values.get(input);
      if (value == null && !input.isEmpty()) {
        throw new UnusableNodeException(
            node,
            "the shape of its input '%s' is not known".formatted(input),
            "That output or element type is none that Falcon follows shapes through.");
      }
      inputs.add(value);
    }
    return new Operands(node, inputs);
  }

  /// Returns what is known of an input: its numbers, too, if they are given.
  static InferredValue known(Network network, ValueInfo input, List<Long> shape) {
    Tensor shared = network.isShared(input) ? network.given().get(input.name()) : null;
    return shared == null ? InferredValue.ofShape(shape) : InferredValue.of(shared);
  }

  static List<Long> checked(Network network, ValueInfo input, Map<String, List<Long>> inputShapes) {
    if (network.isShared(input)) {
      return inputShape(network, input, 1);
    }
    List<Long> shape = inputShapes.get(input.name());
    if (shape == null) {
      throw new IllegalArgumentException("input '%s' has no shape".formatted(input.name()));
    }
    if (!input.takes(shape)) {
      throw new IllegalArgumentException(
          "input '%s' is %s, the shape given is %s"
              .formatted(input.name(), input.dimensions(), shape));
    }
    return shape;
  }

  private static IllegalArgumentException open(ValueInfo input) {
    return new IllegalArgumentException(
        "input '%s' leaves %s open; give it a shape (%s)"
            .formatted(
                input,
                input.axisOfExamples() == 0
                    ? "more than its first axis"
                    : "other axes than that of examples",
                ModelOption.INPUT_SHAPE));
  }
}
