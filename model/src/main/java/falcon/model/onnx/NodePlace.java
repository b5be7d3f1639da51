package falcon.model.onnx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The position of a node in a file.
///
/// @param path path of the body that contains it, empty for the main graph; null in a body that is
///     never inlined into the graph
/// @param opType its operator
/// @param index its index among the nodes of that graph
record NodePlace(@Nullable String path, String opType, int index) {
  private static final Set<String> OPERATORS = Set.of("If", "Loop");
  private static final Set<String> ATTRIBUTES = Set.of("then_branch", "else_branch", "body");

  /// Returns the path of the body that an attribute of the node holds, which no other body has:
  /// `Loop.3/body/If.0/then_branch/`. It is short, whatever names the file has.
  ///
  /// @return null if the body is never inlined into the graph
  @Nullable String body(String attribute) {
    return path != null && OPERATORS.contains(opType) && ATTRIBUTES.contains(attribute)
        ? "%s%s.%d/%s/".formatted(path, opType, index, attribute)
        : null;
  }

  /// Returns the name of the constant tensor in an attribute of the node, where the node calls a
  /// local function.
  ///
  /// @return null if the node is in a body that is never inlined into the graph
  @Nullable String tensor(String attribute) {
    return path == null ? null : "%scall.%d/%s".formatted(path, index, attribute);
  }
}
