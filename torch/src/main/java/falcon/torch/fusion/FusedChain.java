package falcon.torch.fusion;

import falcon.torch.Torch;
import falcon.torch.kernel.AlignedConvolution;
import falcon.torch.kernel.Convolution;
import falcon.torch.kernel.FusedConvolution;
import falcon.torch.kernel.KernelVerdict;
import falcon.torch.kernel.NativeLibraries;
import falcon.torch.kernel.Window;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Computes a [ConvolutionChain] by one call of [FusedConvolution].
final class FusedChain {
  private FusedChain() {}

  /// Computes a convolution with the nodes after it.
  ///
  /// @param x `[b, in, height, width]`
  /// @param other value that is added, null for none
  /// @return channels last, a tensor of the innermost scope; null where gradients run through the
  ///     inputs, oneDNN does not accept their shapes, or fused convolutions are wrong on this
  ///     machine
  static @Nullable Tensor run(
      ConvolutionChain chain, Tensor x, @Nullable Tensor other, FusedWeights weights) {
    long[] shape = weights.get(chain.filters()).shape();
    if (shape.length != 4 || x.dim() != 4 || x.numel() == 0 || x.requires_grad()) {
      return null;
    }
    long groups = chain.convolution().integer("group", 1);
    KernelVerdict.Fusion fusion =
        NativeLibraries.kernels()
            .fusion(groups == 1 ? Convolution.Kind.DENSE : Convolution.Kind.GROUPED);
    Window window = Window.ofConvolution(chain.convolution(), shape, x);
    if (fusion == KernelVerdict.Fusion.NONE
        || !window.isSymmetric()
        || (other != null && !isAddend(other, window.shape(x, shape[0])))) {
      return null;
    }
    AlignedConvolution aligned =
        fusion == KernelVerdict.Fusion.AS_IS
            ? null
            : AlignedConvolution.of(groups, shape[1], shape[0] / groups, 2, false);
    if (aligned == null || aligned.isAligned()) {
      FusedConvolution.Packed packed = weights.packed(chain, window, x, null);
      return FusedConvolution.call(convolution(x, packed, window, groups), other, chain.relu());
    }
    Tensor input = aligned.input(x);
    FusedConvolution.Packed packed = weights.packed(chain, window, input, aligned);
    Tensor result =
        FusedConvolution.call(
            convolution(input, packed, window, aligned.groups()),
            other == null ? null : aligned.outputLike(other),
            chain.relu());
    return aligned.output(result);
  }

  private static Convolution convolution(
      Tensor x, FusedConvolution.Packed weights, Window window, long groups) {
    return new Convolution(x, weights.filters(), weights.bias(), window, groups, false);
  }

  /// Returns whether a value can be added in the same call. oneDNN refuses sums of one channel or
  /// one position, whose layout in memory is both row-major and channels last.
  private static boolean isAddend(Tensor other, long[] shape) {
    return shape[1] > 1
        && shape[2] * shape[3] > 1
        && !other.requires_grad()
        && Torch.type(other) == torch.ScalarType.Float
        && Arrays.equals(other.shape(), shape);
  }
}
