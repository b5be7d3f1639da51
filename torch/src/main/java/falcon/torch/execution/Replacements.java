package falcon.torch.execution;

import falcon.model.Network;
import falcon.model.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// Tensors that get new values while a network is executed: in libtorch immediately, and at the end
/// in a copy of the network.
public final class Replacements {
  private final LoadedNetwork loaded;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  public Replacements(LoadedNetwork loaded) {
    this.loaded = loaded;
  }

  /// @param name of an initializer
  /// @param values in the initializer's shape, row-major; rounded to what the network's file can
  ///     store
  public void put(String name, float[] values) {
    Tensor given = loaded.parameters().constant(name).withFloats(values);
    Tensor tensor = loaded.program().network().storable(name, given);
    loaded.parameters().set(name, tensor.toFloats());
    tensors.put(name, tensor);
  }

  /// @return the initializer's current values, a new array
  public float[] values(String name) {
    Tensor replaced = tensors.get(name);
    return (replaced == null ? loaded.parameters().constant(name) : replaced).toFloats();
  }

  /// @return the network with the new values
  public Network into(Network network) {
    return network.withTensors(tensors);
  }
}
