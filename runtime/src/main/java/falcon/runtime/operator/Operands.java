package falcon.runtime.operator;

import falcon.model.Node;
import falcon.model.UnusableNodeException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A node with the values that it reads and makes.
///
/// @param inputs one for each input of the node; null where the node omits it
/// @param outputs one for each output of the node; null where the node omits it. Empty while their
///     types are being found
/// @param opset version of ONNX's own operator set
public record Operands(
    Node node, List<@Nullable Value> inputs, List<@Nullable Value> outputs, long opset) {
  public Operands {
    inputs = Collections.unmodifiableList(new ArrayList<>(inputs));
    outputs = Collections.unmodifiableList(new ArrayList<>(outputs));
  }

  /// Returns whether the node has an input.
  public boolean has(int input) {
    return input < inputs.size() && inputs.get(input) != null;
  }

  /// Returns an input.
  ///
  /// @throws UnusableNodeException if the node omits it
  public Value in(int input) {
    Value value = input < inputs.size() ? inputs.get(input) : null;
    if (value == null) {
      throw unsupported("it has no input %d".formatted(input));
    }
    return value;
  }

  /// Returns an input; null if the node omits it.
  public @Nullable Value optional(int input) {
    return input < inputs.size() ? inputs.get(input) : null;
  }

  /// Returns whether the node makes an output that is read.
  public boolean makes(int output) {
    return output < outputs.size() && outputs.get(output) != null;
  }

  /// Returns an output that the node makes.
  public Value out(int output) {
    Value value = output < outputs.size() ? outputs.get(output) : null;
    if (value == null) {
      throw unsupported("it has no output %d".formatted(output));
    }
    return value;
  }

  /// Returns the first output.
  public Value out() {
    return out(0);
  }

  /// Returns the place of an input.
  MemorySegment memory(int input) {
    return in(input).memory();
  }

  /// Returns whole numbers that an input holds.
  ///
  /// @throws UnusableNodeException if they are only known when the network runs
  long[] longs(int input) {
    return constant(input).longs();
  }

  /// Returns the numbers that an input holds.
  ///
  /// @throws UnusableNodeException if they are only known when the network runs
  double[] doubles(int input) {
    return constant(input).doubles();
  }

  /// Returns the first number that an input holds, or another one if the node omits it.
  double number(int input, double absent) {
    return has(input) ? doubles(input)[0] : absent;
  }

  private Value constant(int input) {
    Value value = in(input);
    if (!value.isConstant()) {
      throw unsupported(
          "its input '%s' must follow from constants and shapes".formatted(value.name()));
    }
    return value;
  }

  /// Returns whole numbers that newer opsets define as an input and older ones as an attribute.
  ///
  /// @return null if neither is present
  long @Nullable [] longsOrAttribute(int input, String attribute) {
    if (has(input)) {
      return longs(input);
    }
    return node.attributes().containsKey(attribute)
        ? node.integers(attribute, List.of()).stream().mapToLong(Long::longValue).toArray()
        : null;
  }

  /// Returns the attribute `axis`, counted from the front of the first input.
  int axis(long absent) {
    return axis(node.integer("axis", absent), in(0).rank());
  }

  /// Returns an axis counted from the front.
  int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw unsupported("axis %d is not one of %d".formatted(axis, rank));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  /// Returns an exception saying that the node cannot be run in this form.
  UnusableNodeException unsupported(String problem) {
    return new UnusableNodeException(
        node, problem, "Run this network by ONNX Runtime, or export it without this node.");
  }

  /// Requires that an input holds real numbers.
  Operands real(int input) {
    if (has(input) && in(input).storage() != Storage.REAL) {
      throw unsupported(
          "its input '%s' has elements of type %s; only floating-point numbers are computed here"
              .formatted(in(input).name(), in(input).type()));
    }
    return this;
  }
}
