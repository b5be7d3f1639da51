package falcon.torch.kernel;

import falcon.torch.Torch;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// A convolution to be computed, over any number of spatial axes, transposed or not.
///
/// It can be computed in several ways that agree up to rounding: by libtorch directly ([#direct]),
/// with channel counts that oneDNN does not have to pad ([AlignedConvolution]), or as a product of
/// rows ([RowConvolution]). [KernelVerdict] decides which of them a process uses.
///
/// @param x `[b, in, space…]`
/// @param weight `[out, in / groups, kernel…]`, or `[in, out / groups, kernel…]` if transposed
/// @param bias `[out]`, null for none
/// @param window window with equal padding on both sides of an axis, or with padding that `x` has
///     already; without padding if the convolution is transposed
public record Convolution(
    Tensor x,
    Tensor weight,
    @Nullable Tensor bias,
    Window window,
    long groups,
    boolean isTransposed) {

  /// The kinds that oneDNN has different code for.
  public enum Kind {
    /// One group, not transposed.
    DENSE,
    /// Several groups, not transposed.
    GROUPED,
    /// Transposed, with any number of groups.
    TRANSPOSED
  }

  /// Least number of samples for which libtorch uses oneDNN for filters of one position
  /// (`ConvParams::use_mkldnn`).
  private static final long ONEDNN_SAMPLES = 16;

  Kind kind() {
    if (isTransposed) {
      return Kind.TRANSPOSED;
    }
    return groups == 1 ? Kind.DENSE : Kind.GROUPED;
  }

  /// Returns the number of input channels of a group.
  long inputs() {
    return isTransposed ? weight.size(0) / groups : weight.size(1);
  }

  /// Returns the number of output channels of a group.
  long outputs() {
    return isTransposed ? weight.size(1) : weight.size(0) / groups;
  }

  int spatialAxes() {
    return window.kernel().length;
  }

  long[] strides() {
    return window.strides();
  }

  /// Returns the number of zeros on both sides of each spatial axis.
  long[] pads() {
    return window.symmetricPads();
  }

  long[] dilations() {
    return window.dilations();
  }

  /// Returns the same convolution of other operands.
  Convolution with(Tensor newX, Tensor newWeight, @Nullable Tensor newBias, long newGroups) {
    return new Convolution(newX, newWeight, newBias, window, newGroups, isTransposed);
  }

  /// Returns a convolution over one spatial axis as one over two, the first of which has one
  /// element.
  Convolution withLeadingAxis() {
    return new Convolution(
        x.unsqueeze(2), weight.unsqueeze(2), bias, window.withLeadingAxis(), groups, isTransposed);
  }

  /// Computes the convolution by libtorch directly; gradients pass through it.
  ///
  /// @return `[b, out, positions…]`, in the innermost scope
  Tensor direct() {
    if (isLeftToPlainProducts()) {
      return torch.mkldnn_convolution(
          x, weight, optionalBias(), pads(), strides(), dilations(), groups);
    }
    return torch.convolution(
        x,
        weight,
        optionalBias(),
        strides(),
        pads(),
        dilations(),
        isTransposed,
        new long[spatialAxes()],
        groups);
  }

  private TensorOptional optionalBias() {
    return bias == null ? new TensorOptional() : new TensorOptional(bias);
  }

  /// Returns whether libtorch's general convolution would use im2col and BLAS in place of oneDNN,
  /// at half its speed: for filters of one position, few samples and one thread.
  private boolean isLeftToPlainProducts() {
    return torch.hasMKLDNN()
        && !isTransposed
        && Torch.type(x) == torch.ScalarType.Float
        && weight.dim() == 4
        && x.dim() == 4
        && weight.size(2) == 1
        && weight.size(3) == 1
        && x.size(0) < ONEDNN_SAMPLES
        && x.numel() > 0
        && Arrays.stream(strides()).allMatch(stride -> stride == 1);
  }
}
