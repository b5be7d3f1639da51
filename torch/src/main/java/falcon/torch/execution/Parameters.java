package falcon.torch.execution;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.kernel.AlignedConvolution;
import falcon.torch.kernel.Convolution;
import falcon.torch.kernel.FusedConvolution;
import falcon.torch.kernel.Window;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/// A network's constant tensors as libtorch holds them; closed by its owner.
///
/// Tensors may be replaced between executions, never during one.
public final class Parameters implements AutoCloseable {
  private final Precision precision;
  private final Map<String, org.bytedeco.pytorch.Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final Map<Integer, NormalizedConvolution.Joined> joinedByNode = new ConcurrentHashMap<>();
  private final Map<Integer, FusedConvolution.Packed> packedByNode = new ConcurrentHashMap<>();

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

  /// @return the constant as it stands in the network, for operators that need its numbers (shapes)
  Tensor constant(String name) {
    return Objects.requireNonNull(constants.get(name), name);
  }

  /// Weights and bias of a convolution with its BatchNormalization; computed once, unless gradients run
  /// through them.
  ///
  /// @return valid in the innermost scope, and until a tensor is replaced
  NormalizedConvolution.Joined joined(NormalizedConvolution pair) {
    NormalizedConvolution.Joined known = joinedByNode.get(pair.normalizationIndex());
    if (known != null) {
      return known;
    }
    NormalizedConvolution.Joined fresh = pair.join(this);
    return fresh.requiresGradients()
        ? fresh
        : joinedByNode.computeIfAbsent(
            pair.normalizationIndex(),
            _ ->
                new NormalizedConvolution.Joined(
                    Torch.keep(fresh.weight()), Torch.keep(fresh.bias())));
  }

  /// Weights of a convolution and of what follows it; computed once.
  ///
  /// @param x `[b, in, height, width]`, one of the inputs, padded if the weights are
  /// @param aligned how channels are padded, null for not at all
  /// @return valid in the innermost scope, and until a tensor is replaced
  FusedConvolution.Packed packed(
      ConvolutionChain chain,
      Window window,
      org.bytedeco.pytorch.Tensor x,
      @Nullable AlignedConvolution aligned) {
    return packedByNode.computeIfAbsent(
        chain.nodes().getFirst(), _ -> pack(chain, window, x, aligned));
  }

  private FusedConvolution.Packed pack(
      ConvolutionChain chain,
      Window window,
      org.bytedeco.pytorch.Tensor x,
      @Nullable AlignedConvolution aligned) {
    try (var _ = new PointerScope()) {
      NormalizedConvolution.Joined joined =
          chain.normalized() == null ? null : chain.normalized().join(this);
      org.bytedeco.pytorch.Tensor weight = joined == null ? get(chain.filters()) : joined.weight();
      org.bytedeco.pytorch.Tensor bias =
          joined != null ? joined.bias() : chain.bias() == null ? null : get(chain.bias());
      long groups = chain.convolution().integer("group", 1);
      if (aligned != null) {
        weight = aligned.weight(weight);
        bias = aligned.bias(bias);
        groups = aligned.groups();
      }
      var unpacked = new Convolution(x, weight, bias, window, groups, false);
      return new FusedConvolution.Packed(
          FusedConvolution.packed(unpacked).retainReference(),
          bias == null ? null : bias.retainReference());
    }
  }

  /// Whether gradients with respect to one of these initializers are wanted.
  boolean wantsGradients(ConvolutionChain chain) {
    return chain.initializers().stream().anyMatch(name -> get(name).requires_grad());
  }

  /// Adds a value that follows from constants alone.
  ///
  /// @param tensor handed over
  void add(String name, org.bytedeco.pytorch.Tensor tensor) {
    replace(name, tensor);
  }

  /// Gives an initializer new values.
  ///
  /// @param values in the initializer's shape, row-major; copied
  public void set(String name, float[] values) {
    replace(name, Torch.tensor(values, constant(name).shape(), precision));
  }

  /// Makes gradients with respect to these initializers available.
  public void requireGradients(Iterable<String> names) {
    for (String name : names) {
      get(name).requires_grad_(true);
    }
    forgetDerived();
  }

  private void replace(String name, org.bytedeco.pytorch.Tensor tensor) {
    org.bytedeco.pytorch.Tensor old = tensors.put(name, tensor);
    if (old != null) {
      old.releaseReference();
    }
    forgetDerived();
  }

  private void forgetDerived() {
    for (NormalizedConvolution.Joined pair : joinedByNode.values()) {
      pair.weight().releaseReference();
      pair.bias().releaseReference();
    }
    joinedByNode.clear();
    for (FusedConvolution.Packed packed : packedByNode.values()) {
      packed.filters().releaseReference();
      if (packed.bias() != null) {
        packed.bias().releaseReference();
      }
    }
    packedByNode.clear();
  }

  @Override
  public void close() {
    forgetDerived();
    tensors.values().forEach(Pointer::releaseReference);
    tensors.clear();
  }
}
