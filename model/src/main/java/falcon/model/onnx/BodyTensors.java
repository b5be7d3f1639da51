package falcon.model.onnx;

import falcon.model.Tensor;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// Constant tensors in the bodies of a file's control flow, by the name that they have in the
/// network once their body is taken into the graph.
final class BodyTensors {
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Set<String> external = new HashSet<>();

  /// Adds a tensor.
  ///
  /// @param name path of its body and its own name
  /// @param isExternal whether its elements are in a file of their own
  /// @throws IllegalArgumentException if the name is taken
  void add(String name, Tensor tensor, boolean isExternal) {
    if (tensors.put(name, tensor) != null) {
      throw new IllegalArgumentException("two constant tensors are named '%s'".formatted(name));
    }
    if (isExternal) {
      external.add(name);
    }
  }

  /// The tensors as read.
  Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /// Names of those that are in files of their own.
  Set<String> external() {
    return Collections.unmodifiableSet(external);
  }
}
