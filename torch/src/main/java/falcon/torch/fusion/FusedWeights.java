package falcon.torch.fusion;

import falcon.torch.Torch;
import falcon.torch.kernel.AlignedConvolution;
import falcon.torch.kernel.Convolution;
import falcon.torch.kernel.FusedConvolution;
import falcon.torch.kernel.Window;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// The weights that fusions derive from a network's weights: computed once, and kept until the
/// owner of the weights reports a change of one of them.
public final class FusedWeights {
  private final Function<String, Tensor> tensors;
  private final Map<Integer, NormalizedConvolution.Joined> joinedByNode = new ConcurrentHashMap<>();
  private final Map<Integer, FusedConvolution.Packed> packedByNode = new ConcurrentHashMap<>();

  /// @param tensors the network's current constants, by name
  public FusedWeights(Function<String, Tensor> tensors) {
    this.tensors = tensors;
  }

  Tensor get(String name) {
    return tensors.apply(name);
  }

  /// Returns whether gradients with respect to one of these initializers are requested.
  boolean wantGradients(Collection<String> names) {
    return names.stream().anyMatch(name -> get(name).requires_grad());
  }

  /// Returns the weights and bias of a convolution joined with its BatchNormalization; computed
  /// once, unless gradients run through them.
  ///
  /// @return valid in the innermost scope, and until [#forget]
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

  /// Returns the packed weights of a convolution and the nodes after it; computed once.
  ///
  /// @param x `[b, in, height, width]`, one of the inputs, padded if the weights are
  /// @param aligned how channels are padded, null for no padding
  /// @return valid in the innermost scope, and until [#forget]
  FusedConvolution.Packed packed(
      ConvolutionChain chain, Window window, Tensor x, @Nullable AlignedConvolution aligned) {
    return packedByNode.computeIfAbsent(
        chain.nodes().getFirst(), _ -> pack(chain, window, x, aligned));
  }

  private FusedConvolution.Packed pack(
      ConvolutionChain chain, Window window, Tensor x, @Nullable AlignedConvolution aligned) {
    try (var _ = new PointerScope()) {
      NormalizedConvolution.Joined joined =
          chain.normalized() == null ? null : chain.normalized().join(this);
      Tensor weight = joined == null ? get(chain.filters()) : joined.weight();
      Tensor bias =
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

  /// Discards all derived weights, because a tensor has been replaced, or gradients with respect to
  /// one are requested.
  public void forget() {
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
}
