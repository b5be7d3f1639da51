package falcon.torch;

import falcon.model.Network;
import falcon.model.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// Tensors that get new values while a network is on its way: at once in libtorch, in the end in a copy of
/// the network.
final class Replacements {
  private final LoadedNetwork loaded;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  Replacements(LoadedNetwork loaded) {
    this.loaded = loaded;
  }

  /// @param name of an initializer
  /// @param values in the initializer's shape, row-major; copied
  void put(String name, float[] values) {
    loaded.parameters().set(name, values);
    Tensor present = loaded.parameters().constant(name);
    tensors.put(name, Tensor.ofFloats(present.type(), present.shape(), values));
  }

  /// @return the network with the new values
  Network into(Network network) {
    return network.withTensors(tensors);
  }
}
