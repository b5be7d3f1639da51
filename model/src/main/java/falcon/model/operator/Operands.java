package falcon.model.operator;

import falcon.model.Node;
import falcon.model.UnusableNodeException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A node together with what is known of its inputs.
///
/// @param inputs one for each input of the node; null where it leaves one out
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

  /// Numbers that the shape of the output depends on.
  ///
  /// @throws UnusableNodeException if they are only known when the network runs
  List<Long> content(int input) {
    List<Long> content = value(input).content();
    if (content == null) {
      throw dependsOnData(input);
    }
    return content;
  }

  /// As [#content], but not only whole numbers.
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

  /// Numbers that newer operator sets have as an input and older ones as an attribute.
  ///
  /// @return null if neither is there
  @Nullable List<Long> inputOrAttribute(int input, String attribute) {
    if (has(input)) {
      return content(input);
    }
    return node.attributes().containsKey(attribute) ? node.integers(attribute, List.of()) : null;
  }

  /// An axis counted from the front.
  ///
  /// @param axis negative counts from the back
  /// @throws UnusableNodeException if there is no such axis
  int axis(long axis, long rank) {
    if (axis < -rank || axis >= rank) {
      throw mismatch("axis %d is not one of %d".formatted(axis, rank));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  /// Requires a constant with one number a channel, if the node has it.
  ///
  /// @throws UnusableNodeException if it is of another shape
  void requireList(int input, long count) {
    if (has(input) && !shape(input).equals(List.of(count))) {
      throw mismatch("input %d needs the shape [%d]".formatted(input, count));
    }
  }

  /// Says that the inputs do not fit the node.
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
