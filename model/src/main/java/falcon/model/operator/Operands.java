package falcon.model.operator;

import falcon.model.Node;
import falcon.model.UnusableNodeException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A node together with the inferred values of its inputs.
///
/// @param inputs one for each input of the node; null where the node omits it
public record Operands(Node node, List<@Nullable InferredValue> inputs) {
  public Operands {
    inputs = Collections.unmodifiableList(new ArrayList<>(inputs));
  }

  public boolean has(int input) {
    return input < inputs.size() && inputs.get(input) != null;
  }

  public InferredValue value(int input) {
    InferredValue value = input < inputs.size() ? inputs.get(input) : null;
    if (value == null) {
      throw UnusableNodeException.contradiction(
          node, "has no input %d".formatted(input), "Export the network again.");
    }
    return value;
  }

  List<Long> shape(int input) {
    return value(input).shape();
  }

  /// Returns the integers in an input that the shape of the output depends on.
  ///
  /// @throws UnusableNodeException if they are only known when the network runs
  List<Long> content(int input) {
    List<Long> content = value(input).content();
    if (content == null) {
      throw dependsOnData(input);
    }
    return content;
  }

  /// Returns numbers as [#content], but not only integers.
  List<Double> numbers(int input) {
    List<Double> numbers = value(input).numbers();
    if (numbers == null) {
      throw dependsOnData(input);
    }
    return numbers;
  }

  private UnusableNodeException dependsOnData(int input) {
    return new UnusableNodeException(
        node,
        "the shape of its output depends on data ('%s')".formatted(node.inputs().get(input)),
        "Falcon needs shapes that follow from the input's shape; fold constants when exporting.");
  }

  /// Returns integers that newer opsets define as an input and older ones as an attribute.
  ///
  /// @return null if neither is present
  @Nullable List<Long> inputOrAttribute(int input, String attribute) {
    if (has(input)) {
      return content(input);
    }
    return node.attributes().containsKey(attribute) ? node.integers(attribute, List.of()) : null;
  }

  /// Returns an axis counted from the front.
  ///
  /// @param axis counts from the back if it is negative
  /// @throws UnusableNodeException if it is out of range
  int axis(long axis, long rank) {
    if (axis < -rank || axis >= rank) {
      throw mismatch("axis %d is not one of %d".formatted(axis, rank));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  /// Requires that an input, if the node has it, is a list with one number per channel.
  ///
  /// @throws UnusableNodeException if it has another shape
  void requireList(int input, long count) {
    if (has(input) && !shape(input).equals(List.of(count))) {
      throw mismatch("input %d needs the shape [%d]".formatted(input, count));
    }
  }

  /// Returns an exception saying that the inputs do not fit the node.
  public UnusableNodeException mismatch(String problem) {
    return UnusableNodeException.contradiction(
        node,
        problem + "; its inputs have the shapes " + shapes(),
        "Give the input shape that the network was made for, or export it again.");
  }

  private List<String> shapes() {
    return inputs.stream().map(value -> value == null ? "-" : value.shape().toString()).toList();
  }
}
