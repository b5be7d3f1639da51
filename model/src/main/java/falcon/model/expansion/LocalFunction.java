package falcon.model.expansion;

import falcon.model.Attribute;
import falcon.model.Node;
import java.util.List;
import java.util.Map;

/// A function that a file defines: an operator made of other nodes.
///
/// @param path a prefix that no other function or body of the file has; constants of the function
///     are named in the network by this path followed by their own name, and all calls share them
/// @param opset version of ONNX's own operator set for its nodes; 0 if it names none
/// @param inputs names of its inputs
/// @param outputs names of its outputs
/// @param defaults attributes that a call may leave out, with their values
/// @param nodes nodes in file order
public record LocalFunction(
    String path,
    long opset,
    List<String> inputs,
    List<String> outputs,
    Map<String, Attribute> defaults,
    List<Node> nodes) {
  /// Copies the collections.
  public LocalFunction {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    defaults = Map.copyOf(defaults);
    nodes = List.copyOf(nodes);
  }

  /// Returns the key of the function that a node of this operator calls.
  ///
  /// @param opType name of the function; with a colon and its overload behind it if it has one
  public static String key(String domain, String opType) {
    return (domain.equals("ai.onnx") ? "" : domain) + " " + opType;
  }
}
