package falcon.model.operator;

import falcon.model.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A node together with the shapes of what it reads and makes, as far as they are known.
///
/// @param values where the shapes are
public record NodeShapes(Node node, Values values) {
  /// Shapes of a network's values.
  @FunctionalInterface
  public interface Values {
    /// @return null if the shape is not known
    @Nullable List<Long> of(String value);
  }

  /// @return null if the node leaves the input out, or its shape is not known
  @Nullable List<Long> input(int index) {
    String name = node.input(index);
    return name == null ? null : values.of(name);
  }

  /// Shape of the first output.
  ///
  /// @return null if it is not known
  @Nullable List<Long> output() {
    return node.outputs().isEmpty() ? null : values.of(node.outputs().getFirst());
  }
}
