package falcon.torch.execution;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.fusion.FusedWeights;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.Pointer;

/// A network's constant tensors in libtorch; closed by its owner.
///
/// Tensors may be replaced between executions, never during one.
public final class Parameters implements AutoCloseable {
  private final Precision precision;
  private final Map<String, org.bytedeco.pytorch.Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final Map<String, float[]> replaced = new LinkedHashMap<>();
  private final FusedWeights fused = new FusedWeights(this::get);

  Parameters(Network network, Precision precision) {
    this.precision = precision;
    network
        .initializers()
        .forEach((name, tensor) -> {
          constants.put(name, tensor);
          replace(name, Torch.tensor(tensor, precision));
        });
  }

  public Precision precision() {
    return precision;
  }

  boolean contains(String name) {
    return tensors.containsKey(name);
  }

  public org.bytedeco.pytorch.Tensor get(String name) {
    org.bytedeco.pytorch.Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new UnsupportedNetworkException(
          "value '%s' is of a type that cannot be computed with".formatted(name));
    }
    return tensor;
  }

  /// @return the constant as the network has it, for operators that need its numbers (shapes)
  Tensor constant(String name) {
    return Objects.requireNonNull(constants.get(name), name);
  }

  /// Returns the weights that fusions derive from these.
  FusedWeights fused() {
    return fused;
  }

  /// Adds a value that depends on constants only.
  ///
  /// @param tensor handed over
  void add(String name, org.bytedeco.pytorch.Tensor tensor) {
    replace(name, tensor);
  }

  /// Replaces the values of an initializer.
  ///
  /// @param values new values in the initializer's shape, row-major; copied
  public void set(String name, float[] values) {
    replace(name, Torch.tensor(values, constant(name).shape(), precision));
    replaced.put(name, values);
  }

  /// Returns the values that initializers have been set to, by name, in the order of their first
  /// change; not copied.
  public Map<String, float[]> replaced() {
    return Collections.unmodifiableMap(replaced);
  }

  /// Makes gradients with respect to these initializers available.
  public void requireGradients(Iterable<String> names) {
    for (String name : names) {
      get(name).requires_grad_(true);
    }
    fused.forget();
  }

  private void replace(String name, org.bytedeco.pytorch.Tensor tensor) {
    org.bytedeco.pytorch.Tensor old = tensors.put(name, tensor);
    if (old != null) {
      old.releaseReference();
    }
    fused.forget();
  }

  @Override
  public void close() {
    fused.forget();
    tensors.values().forEach(Pointer::releaseReference);
    tensors.clear();
  }
}
