package falcon.model.stored;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.operator.InferredValue;
import falcon.model.operator.Operands;
import falcon.model.operator.OperatorRules;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Elements of constants, and of what nodes compute of constants alone, as far as they are needed
/// to follow weights: scales, masks, zero points, axes, shapes.
final class Constants {
  /// Greatest number of nodes in a row that are computed.
  private static final int DEEPEST = 32;

  private final Network network;
  private final Function<String, @Nullable Derivation> derivations;

  /// @param derivations how a value is made, as far as it is known; null otherwise
  Constants(Network network, Function<String, @Nullable Derivation> derivations) {
    this.network = network;
    this.derivations = derivations;
  }

  /// A value with its elements; whole numbers that float32 cannot hold are rounded.
  static final class Value {
    private final Form form;
    private final float[] elements;

    private Value(Form form, float[] elements) {
      this.form = form;
      this.elements = elements;
    }

    /// Returns type and shape.
    Form form() {
      return form;
    }

    /// Returns the elements, row-major; owned by the caller.
    float[] elements() {
      return elements;
    }
  }

  /// Returns the elements of a value.
  ///
  /// @return null if it is no constant, or computed in a way that is not followed
  @Nullable Value value(String name) {
    Derivation derivation = derivations.apply(name);
    return derivation == null
        ? null
        : new Value(
            derivation.form(),
            derivation.values(source -> DerivedWeights.floats(network.tensor(source))));
  }

  /// Returns the whole numbers of a value.
  ///
  /// @return null as [#value]
  long @Nullable [] longs(String name) {
    Tensor tensor = network.initializers().get(name);
    if (tensor != null) {
      return tensor.type().isFloatingPoint() ? null : tensor.toLongs();
    }
    Value value = value(name);
    if (value == null || value.form().type().isFloatingPoint()) {
      return null;
    }
    var numbers = new long[value.elements().length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (long) value.elements()[i];
    }
    return numbers;
  }

  /// Returns the shape of what a node makes.
  ///
  /// @param shape of the node's operand `operand`; all others are constants
  /// @return null if it is not known, or the node contradicts what it gets
  @Nullable List<Long> shape(Node node, int operand, List<Long> shape) {
    var inputs = new ArrayList<@Nullable InferredValue>();
    for (int i = 0; i < node.inputs().size(); i++) {
      String name = node.input(i);
      InferredValue value =
          i == operand
              ? InferredValue.ofShape(shape)
              : name == null ? null : inferred(name, DEEPEST);
      if (value == null && name != null) {
        return null;
      }
      inputs.add(value);
    }
    InferredValue made = result(node, inputs);
    return made == null ? null : made.shape();
  }

  private @Nullable InferredValue inferred(String name, int depth) {
    Tensor tensor = network.initializers().get(name);
    if (tensor != null) {
      return InferredValue.of(tensor);
    }
    Node maker = network.producer(name);
    if (maker == null || depth == 0) {
      return null;
    }
    var inputs = new ArrayList<@Nullable InferredValue>();
    for (String input : maker.inputs()) {
      InferredValue value = input.isEmpty() ? null : inferred(input, depth - 1);
      if (value == null && !input.isEmpty()) {
        return null;
      }
      inputs.add(value);
    }
    return result(maker, inputs);
  }

  private static @Nullable InferredValue result(Node node, List<@Nullable InferredValue> inputs) {
    try {
      List<InferredValue> results = OperatorRules.results(new Operands(node, inputs));
      return results.isEmpty() ? null : results.getFirst();
    } catch (UnusableNodeException
        | ArithmeticException
        | IndexOutOfBoundsException
        | NoSuchElementException
        | IllegalArgumentException _) {
      return null; // whoever runs the network says what is wrong with the node
    }
  }
}
