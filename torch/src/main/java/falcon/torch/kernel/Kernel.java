package falcon.torch.kernel;

import java.util.List;
import java.util.Locale;

/// A computation of libtorch that may be wrong on a processor, and its substitutes.
///
/// Kernels are tried in the order of the constants.
public enum Kernel {
  /// Products of matrices, Gram matrices among them, in float32 and float64 (OpenBLAS).
  PRODUCTS,
  /// Activations, and a recurrent cell composed of activations and products.
  ACTIVATIONS,
  /// Products of matrices in bfloat16 (oneDNN).
  BFLOAT16_PRODUCTS,
  /// Convolutions of one group, with gradients (oneDNN).
  CONVOLUTION,
  /// Grouped and depthwise convolutions, with gradients (oneDNN).
  GROUPED_CONVOLUTION,
  /// Transposed convolutions, with gradients (oneDNN).
  TRANSPOSED_CONVOLUTION,
  /// Convolutions of one group with filters packed for a known shape, which add a tensor and apply
  /// ReLU.
  FUSED_CONVOLUTION,
  /// The preceding kernel with groups.
  FUSED_GROUPED_CONVOLUTION,
  /// [AlignedConvolution]s of one group, with gradients.
  ALIGNED_CONVOLUTION,
  /// Grouped and depthwise [AlignedConvolution]s, with gradients.
  ALIGNED_GROUPED_CONVOLUTION,
  /// Transposed [AlignedConvolution]s, with gradients.
  ALIGNED_TRANSPOSED_CONVOLUTION,
  /// Fused convolutions of one group with the channels of an [AlignedConvolution].
  ALIGNED_FUSED_CONVOLUTION,
  /// The preceding kernel with groups.
  ALIGNED_FUSED_GROUPED_CONVOLUTION,
  /// [RowConvolution]s of every kind, with gradients.
  ROW_CONVOLUTION;

  /// The kernels that are tried first; the others are tried where one of these is wrong.
  static final List<Kernel> FIRST =
      List.of(
          PRODUCTS,
          ACTIVATIONS,
          BFLOAT16_PRODUCTS,
          CONVOLUTION,
          GROUPED_CONVOLUTION,
          TRANSPOSED_CONVOLUTION,
          FUSED_CONVOLUTION,
          FUSED_GROUPED_CONVOLUTION);

  /// Returns the name in files and options, in lower case with hyphens.
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Returns the kernel of libtorch's own convolutions of a kind.
  static Kernel of(Convolution.Kind kind) {
    return switch (kind) {
      case DENSE -> CONVOLUTION;
      case GROUPED -> GROUPED_CONVOLUTION;
      case TRANSPOSED -> TRANSPOSED_CONVOLUTION;
    };
  }

  /// Returns the substitutes for a wrong kernel, best first; empty if libtorch is not needed for it
  /// or there is no substitute.
  List<Kernel> substitutes() {
    return switch (this) {
      case CONVOLUTION -> List.of(ALIGNED_CONVOLUTION, ROW_CONVOLUTION);
      case GROUPED_CONVOLUTION -> List.of(ALIGNED_GROUPED_CONVOLUTION, ROW_CONVOLUTION);
      case TRANSPOSED_CONVOLUTION -> List.of(ALIGNED_TRANSPOSED_CONVOLUTION, ROW_CONVOLUTION);
      case FUSED_CONVOLUTION -> List.of(ALIGNED_FUSED_CONVOLUTION);
      case FUSED_GROUPED_CONVOLUTION -> List.of(ALIGNED_FUSED_GROUPED_CONVOLUTION);
      default -> List.of();
    };
  }

  /// Returns whether the kernel may read or write outside its tensors where it is wrong: where
  /// oneDNN gets shapes that it may pad.
  boolean mayDamageMemory() {
    return switch (this) {
      case BFLOAT16_PRODUCTS,
          CONVOLUTION,
          GROUPED_CONVOLUTION,
          TRANSPOSED_CONVOLUTION,
          FUSED_CONVOLUTION,
          FUSED_GROUPED_CONVOLUTION ->
          true;
      default -> false;
    };
  }

  /// Returns whether nothing can be computed where this and all its substitutes are wrong.
  boolean isNeeded() {
    return switch (this) {
      case PRODUCTS, ACTIVATIONS, CONVOLUTION, GROUPED_CONVOLUTION, TRANSPOSED_CONVOLUTION -> true;
      default -> false;
    };
  }
}
