package falcon.torch.kernel;

import falcon.torch.Torch;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Convolutions whose channel counts are multiples of oneDNN's block of channels, so that oneDNN
/// pads nothing itself.
///
/// Where a processor does not report its cache sizes, oneDNN's reorders into padded layouts lose
/// data. Here channels that are missing to the next multiple of [#BLOCK] are added as zeros, and
/// removed from the result. Groups of few channels are merged: k groups become one whose weights
/// are zero between channels of different groups, which costs no more than padding each of them.
///
/// Gradients pass through the padding.
public final class AlignedConvolution {
  /// Number of channels that oneDNN computes at a time, in float32 with the widest vectors that it
  /// supports.
  static final long BLOCK = 16;

  /// Greatest number of input channels for which oneDNN reads images without padding: two spatial
  /// axes, one group, not transposed.
  private static final long IMAGE_CHANNELS = 3;

  /// Greatest number of spatial axes for which oneDNN has special code for one channel per group;
  /// with more, the groups are merged like others.
  private static final int MOST_DEPTHWISE_AXES = 2;

  /// Greatest number of groups that are merged into one.
  private static final long MOST_MERGED = BLOCK;

  private final long groups;
  private final long inputs;
  private final long outputs;
  private final boolean isTransposed;

  /// Number of groups that become one.
  private final long merged;

  /// Number of groups after merging.
  private final long blocks;

  /// Number of input channels of a block, padding included.
  private final long blockInputs;

  /// Number of output channels of a block, padding included.
  private final long blockOutputs;

  private AlignedConvolution(
      long groups, long inputs, long outputs, int axes, boolean isTransposed) {
    this.groups = groups;
    this.inputs = inputs;
    this.outputs = outputs;
    this.isTransposed = isTransposed;
    boolean isDepthwise = groups > 1 && inputs == 1 && outputs == 1;
    if (isDepthwise && axes <= MOST_DEPTHWISE_AXES) {
      merged = 1;
      blocks = aligned(groups);
      blockInputs = 1;
      blockOutputs = 1;
    } else {
      merged = merged(groups, inputs, outputs);
      blocks = Math.ceilDiv(groups, merged);
      boolean isOfImages = axes == 2 && groups == 1 && !isTransposed && inputs <= IMAGE_CHANNELS;
      blockInputs = isOfImages ? inputs : aligned(merged * inputs);
      blockOutputs = aligned(merged * outputs);
    }
  }

  /// Returns the layout of a convolution's channels.
  ///
  /// @param inputs number of input channels of a group
  /// @param outputs number of output channels of a group
  /// @param axes number of spatial axes
  public static AlignedConvolution of(
      long groups, long inputs, long outputs, int axes, boolean isTransposed) {
    return new AlignedConvolution(groups, inputs, outputs, axes, isTransposed);
  }

  /// @return `[b, out, positions…]`, in the innermost scope
  static Tensor run(Convolution convolution) {
    var layout =
        of(
            convolution.groups(),
            convolution.inputs(),
            convolution.outputs(),
            convolution.spatialAxes(),
            convolution.isTransposed());
    boolean hasOneAxis = convolution.spatialAxes() == 1;
    Convolution wide = hasOneAxis ? convolution.withLeadingAxis() : convolution;
    Tensor result =
        wide.with(
                layout.input(wide.x()),
                channelsLast(layout.weight(wide.weight())),
                layout.bias(wide.bias()),
                layout.groups())
            .direct();
    Tensor cut = layout.output(result);
    return hasOneAxis ? cut.squeeze(2) : cut;
  }

  /// Returns the tensor channels last; for row-major order oneDNN would choose its own layouts,
  /// some of which it pads in any case.
  static Tensor channelsLast(Tensor tensor) {
    return switch ((int) tensor.dim()) {
      case 4 -> tensor.contiguous(torch.MemoryFormat.ChannelsLast);
      case 5 -> tensor.contiguous(torch.MemoryFormat.ChannelsLast3d);
      default -> tensor;
    };
  }

  /// Returns the number of groups that become one, which costs the fewest multiplications.
  private static long merged(long groups, long inputs, long outputs) {
    long best = 1;
    long leastCost = Long.MAX_VALUE;
    for (long k = 1; k <= Math.min(groups, MOST_MERGED); k++) {
      long cost = Math.ceilDiv(groups, k) * aligned(k * inputs) * aligned(k * outputs);
      if (cost < leastCost) {
        leastCost = cost;
        best = k;
      }
    }
    return best;
  }

  private static long aligned(long channels) {
    return Math.ceilDiv(channels, BLOCK) * BLOCK;
  }

  /// Returns whether nothing has to be padded or merged.
  public boolean isAligned() {
    return merged == 1 && blocks == groups && blockInputs == inputs && blockOutputs == outputs;
  }

  /// Returns the number of groups after merging.
  public long groups() {
    return blocks;
  }

  /// Adds the channels that an input lacks.
  ///
  /// @param x `[b, in, space…]`
  /// @return the input with the channels that the aligned convolution reads, channels last
  public Tensor input(Tensor x) {
    return channelsLast(channels(x, groups * inputs, merged * inputs, blockInputs));
  }

  /// Removes the added channels from a result.
  ///
  /// @param result `[b, padded outputs, positions…]`
  /// @return `[b, out, positions…]`, a view where that is possible
  public Tensor output(Tensor result) {
    long own = merged * outputs;
    Tensor dense =
        own == blockOutputs || blocks == 1
            ? result
            : unflattened(result, blocks, blockOutputs).narrow(2, 0, own).flatten(1, 2);
    return dense.size(1) == groups * outputs ? dense : dense.narrow(1, 0, groups * outputs);
  }

  /// Adds to a tensor of the result's shape the channels that it lacks.
  ///
  /// @param other `[b, out, positions…]`
  /// @return the tensor with the channels of the aligned result, channels last
  public Tensor outputLike(Tensor other) {
    return channelsLast(channels(other, groups * outputs, merged * outputs, blockOutputs));
  }

  /// Adds zeros for added channels to a bias.
  ///
  /// @param bias `[out]`, null for none
  /// @return `[padded outputs]`, null for none
  public @Nullable Tensor bias(@Nullable Tensor bias) {
    return bias == null ? null : outputLike(bias.reshape(1, -1)).reshape(-1);
  }

  /// Adds zeros: first for groups that are missing in the last block, then at the end of each
  /// block.
  ///
  /// @param own channels of a block
  /// @param wanted channels of a block with its padding
  private Tensor channels(Tensor x, long count, long own, long wanted) {
    Tensor whole = Torch.extended(x, 1, blocks * own - count);
    if (own == wanted) {
      return whole;
    }
    return blocks == 1
        ? Torch.extended(whole, 1, wanted - own)
        : Torch.extended(unflattened(whole, blocks, own), 2, wanted - own).flatten(1, 2);
  }

  /// @param x `[b, blocks · channels, …]`
  /// @return `[b, blocks, channels, …]`
  private static Tensor unflattened(Tensor x, long blocks, long channels) {
    return x.unflatten(1, blocks, channels);
  }

  /// Returns the weights of the merged and padded groups.
  ///
  /// @param weight weights in the form of [Convolution#weight]
  /// @return the weights, in the same order of axes
  public Tensor weight(Tensor weight) {
    long first = isTransposed ? inputs : outputs;
    long second = isTransposed ? outputs : inputs;
    long taps = 1;
    for (int axis = 2; axis < weight.dim(); axis++) {
      taps *= weight.size(axis);
    }
    Tensor whole = Torch.extended(weight, 0, (blocks * merged - groups) * first);
    if (merged > 1) {
      // [blocks, k, first, 1, second, taps] · 1 if both groups are the same
      Tensor eye =
          torch
              .eye(merged, new TensorOptions(Torch.type(weight)))
              .reshape(1, merged, 1, merged, 1, 1);
      whole = whole.reshape(blocks, merged, first, 1, second, taps).mul(eye);
    }
    long blockFirst = isTransposed ? blockInputs : blockOutputs;
    long blockSecond = isTransposed ? blockOutputs : blockInputs;
    Tensor flat = whole.reshape(blocks, merged * first, merged * second, taps);
    flat = Torch.extended(flat, 1, blockFirst - merged * first);
    flat = Torch.extended(flat, 2, blockSecond - merged * second);
    long[] shape = weight.shape();
    shape[0] = blocks * blockFirst;
    shape[1] = blockSecond;
    return flat.reshape(shape);
  }
}
