package falcon.model;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is known of a value before the network runs.
///
/// @param shape sizes of its axes, none for a scalar
/// @param content its elements where they are whole numbers and follow from shapes and constants
///     alone; null otherwise
record InferredValue(List<Long> shape, @Nullable List<Long> content) {
  /// Longest content that is kept: shapes and axes are short, anything longer is data.
  static final int MOST_CONTENT = 4096;

  InferredValue {
    shape = List.copyOf(shape);
    content = content == null || content.size() > MOST_CONTENT ? null : List.copyOf(content);
  }

  /// A value of which only the shape is known.
  static InferredValue ofShape(List<Long> shape) {
    return new InferredValue(shape, null);
  }

  /// A list of whole numbers.
  static InferredValue ofContent(List<Long> content) {
    return new InferredValue(List.of((long) content.size()), content);
  }

  /// What a constant is.
  static InferredValue of(Tensor tensor) {
    boolean isWhole = tensor.type() == DataType.INT64 || tensor.type() == DataType.INT32;
    return isWhole && tensor.size() <= MOST_CONTENT
        ? new InferredValue(tensor.shape(), Arrays.stream(tensor.toLongs()).boxed().toList())
        : ofShape(tensor.shape());
  }
}
