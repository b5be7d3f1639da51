package falcon.model.onnx;

import falcon.model.Tensor;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The constant tensors in the bodies of a file's control flow, in its local functions and in the
/// calls of these, by their names in the network after body or function are inlined into the graph.
final class BodyTensors {
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Set<String> external = new HashSet<>();
  private final IdentityHashMap<Tensor, String> names = new IdentityHashMap<>();

  /// Adds a tensor.
  ///
  /// @param name path of its body and its own name
  /// @param isExternal whether its elements are in a separate file
  /// @throws IllegalArgumentException if the name is taken
  void add(String name, Tensor tensor, boolean isExternal) {
    if (tensors.put(name, tensor) != null) {
      throw new IllegalArgumentException("two constant tensors are named '%s'".formatted(name));
    }
    names.put(tensor, name);
    if (isExternal) {
      external.add(name);
    }
  }

  /// Returns the name of a tensor that was added: of this very object.
  ///
  /// @return null if it was not
  @Nullable String nameOf(Tensor tensor) {
    return names.get(tensor);
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
