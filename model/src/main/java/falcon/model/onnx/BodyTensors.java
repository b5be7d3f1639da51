package falcon.model.onnx;

import falcon.model.Tensor;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// The constant tensors in the bodies of a file's control flow, by their names in the network after
/// their body is inlined into the graph.
final class BodyTensors {
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Set<String> external = new HashSet<>();

  /// Adds a tensor.
  ///
  /// @param name path of its body and its own name
  /// @param isExternal whether its elements are in a separate file
  /// @throws IllegalArgumentException if the name is taken
  void add(String name, Tensor tensor, boolean isExternal) {
    if (tensors.put(name, tensor) != null) {
      throw new IllegalArgumentException("two constant tensors are named '%s'".formatted(name));
    }
    if (isExternal) {
      external.add(name);
    }
  }

  /// Returns the tensors as they were read.
  Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /// Returns the names of the tensors in separate files.
  Set<String> external() {
    return Collections.unmodifiableSet(external);
  }
}
