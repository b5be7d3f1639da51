package falcon.model.onnx;

import falcon.model.expansion.LocalFunction;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import java.util.HashMap;
import java.util.Map;

/// The functions that a file defines, by what a node names when it calls one: domain, name and
/// overload.
final class FunctionKeys {
  /// Greatest length of a function's name in the names of its constants.
  private static final int LONGEST_NAME = 64;

  private final Map<String, Integer> indexes = new HashMap<>();

  FunctionKeys(ModelProto model) {
    for (int i = 0; i < model.getFunctionsCount(); i++) {
      FunctionProto function = model.getFunctions(i);
      String opType = opType(function.getName(), function.getOverload());
      if (indexes.put(LocalFunction.key(function.getDomain(), opType), i) != null) {
        throw new IllegalArgumentException("two functions are named '%s'".formatted(opType));
      }
    }
  }

  /// Returns the number of the function of that key among those of the file.
  ///
  /// @return −1 if there is none
  int index(String key) {
    return indexes.getOrDefault(key, -1);
  }

  /// Returns whether a node calls a function.
  boolean isCalledBy(NodeProto node) {
    return index(LocalFunction.key(node.getDomain(), opType(node))) >= 0;
  }

  /// Returns the operator of a node, with the overload of the function that it calls.
  static String opType(NodeProto node) {
    return opType(node.getOpType(), node.getOverload());
  }

  private static String opType(String name, String overload) {
    return overload.isEmpty() ? name : name + ":" + overload;
  }

  /// Returns the path of a function's constants: `ConvBlock.0/`.
  static String path(FunctionProto function, int index) {
    String name = function.getName().length() > LONGEST_NAME ? "function" : function.getName();
    return "%s.%d/".formatted(name, index);
  }

  /// Returns the name of the constant tensor that an attribute of a function has by default.
  static String tensor(String path, String attribute) {
    return path + "default/" + attribute;
  }
}
