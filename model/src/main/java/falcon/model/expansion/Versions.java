package falcon.model.expansion;

import falcon.model.Node;
import java.util.Map;

/// Operators that mean something else from some version of ONNX's operator set on, with the same
/// inputs and attributes.
final class Versions {
  /// First version of the present meaning.
  private static final Map<String, Long> CHANGED =
      Map.of(
          "Softmax", 13L,
          "LogSoftmax", 13L,
          "Hardmax", 13L,
          "Clip", 11L,
          "Resize", 11L,
          "GroupNormalization", 21L);

  private Versions() {}

  /// Requires that a node of a function means the same in the operator set of the graph that calls
  /// it.
  ///
  /// @throws IllegalArgumentException if it does not; names both sets
  static void requireSame(Node call, LocalFunction function, Node own, long opset) {
    Long changed = own.domain().isEmpty() ? CHANGED.get(own.opType()) : null;
    if (changed != null
        && function.opset() > 0
        && (function.opset() < changed) != (opset < changed)) {
      throw new IllegalArgumentException(
          "function '%s' is written in operator set %d, the graph in %d, where %s means something else"
              .formatted(call.opType(), function.opset(), opset, own.opType()));
    }
  }
}
