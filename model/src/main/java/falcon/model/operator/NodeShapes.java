package falcon.model.operator;

import falcon.model.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A node together with the shapes of its inputs and outputs, as far as they are known.
///
/// @param values shapes by value
public record NodeShapes(Node node, Values values) {
  /// The shapes of a network's values.
  @FunctionalInterface
  public interface Values {
    /// @return null if the shape is not known
    @Nullable List<Long> of(String value);
  }

  /// @return null if the node omits the input, or its shape is not known
  @Nullable List<Long> input(int index) {
    String name = node.input(index);
    return name == null ? null : values.of(name);
  }

  /// Returns the shape of the first output.
  ///
  /// @return null if it is not known
  @Nullable List<Long> output() {
    return node.outputs().isEmpty() ? null : values.of(node.outputs().getFirst());
  }
}
