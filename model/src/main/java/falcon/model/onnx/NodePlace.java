package falcon.model.onnx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where a node stands in a file.
///
/// @param path of the body that it is in, empty for the graph itself; null in a body that is never
///     taken into the graph
/// @param opType its operator
/// @param index its place among the nodes there
record NodePlace(@Nullable String path, String opType, int index) {
  private static final Set<String> OPERATORS = Set.of("If", "Loop");
  private static final Set<String> ATTRIBUTES = Set.of("then_branch", "else_branch", "body");

  /// Path of the body that an attribute of the node holds, which no other body has:
  /// `Loop.3/body/If.0/then_branch/`. Short, whatever names the file has.
  ///
  /// @return null if such a body is never taken into the graph
  @Nullable String body(String attribute) {
    return path != null && OPERATORS.contains(opType) && ATTRIBUTES.contains(attribute)
        ? "%s%s.%d/%s/".formatted(path, opType, index, attribute)
        : null;
  }
}
