package falcon.torch.layer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// The mapping from the matrix order of a layer's weights to their tensor.
///
/// A layer is `groups` independent products, each with weights `[outputs, taps · channels]`: the
/// elements of a row run over the taps of the window (row-major) and, faster, over the channels.
/// Linear layers have one tap.
///
/// ```
/// index = offset + group · groupStride + output · outputStride + tap · tapStride
///         + channel · channelStride
/// ```
///
/// @param groups number of products, one or more
/// @param outputs number of outputs of one group
/// @param taps number of elements of the window
/// @param channels number of channels that one output reads
/// @param offset index of the first weight in matrix order
/// @param groupStride distance from a group to the next
/// @param outputStride distance from an output to the next
/// @param tapStride distance from a tap to the next; negative where the tensor has the window
///     reversed
/// @param channelStride distance from a channel to the next
public record WeightOrder(
    int groups,
    int outputs,
    int taps,
    int channels,
    int offset,
    int groupStride,
    int outputStride,
    int tapStride,
    int channelStride) {

  /// Returns the order of a convolution's weights `[groups · outputs, channels, taps…]`.
  static WeightOrder ofConvolution(int groups, int outputs, int channels, int taps) {
    int row = channels * taps;
    return new WeightOrder(groups, outputs, taps, channels, 0, outputs * row, row, 1, taps);
  }

  /// Returns the order of a transposed convolution's weights `[groups · channels, outputs, taps…]`,
  /// treated as those of a convolution with the window reversed.
  static WeightOrder ofTransposedConvolution(int groups, int outputs, int channels, int taps) {
    int row = outputs * taps;
    return new WeightOrder(
        groups, outputs, taps, channels, taps - 1, channels * row, taps, -1, row);
  }

  /// Returns the order of matrices `[groups, outputs, channels]`, or `[groups, channels, outputs]`
  /// if transposed.
  public static WeightOrder ofMatrices(
      int groups, int outputs, int channels, boolean isTransposed) {
    int matrix = outputs * channels;
    return isTransposed
        ? new WeightOrder(groups, outputs, 1, channels, 0, matrix, 1, 0, outputs)
        : new WeightOrder(groups, outputs, 1, channels, 0, matrix, channels, 0, 1);
  }

  /// Returns the number of inputs of one output, the length of a row.
  public int rowLength() {
    return taps * channels;
  }

  /// Returns the number of weights of one group.
  public int groupSize() {
    return outputs * rowLength();
  }

  /// Returns the index in the weight tensor of a group's weight.
  ///
  /// @param i number of the weight in matrix order, `output · k + element of the row`
  public int index(int group, int i) {
    int k = rowLength();
    int output = i / k;
    int at = i - output * k;
    int first = offset + group * groupStride + output * outputStride;
    if (taps == 1) {
      return first + at * channelStride;
    }
    int tap = at / channels;
    return first + tap * tapStride + (at - tap * channels) * channelStride;
  }

  /// Returns the indexes in the weight tensor of some rows, one group after the other.
  ///
  /// @param firstRow number of an output among those of all groups
  /// @return `[rows · k]`
  public int[] indexes(int firstRow, int rows) {
    int k = rowLength();
    var indexes = new int[rows * k];
    for (int row = 0; row < rows; row++) {
      int group = (firstRow + row) / outputs;
      int output = (firstRow + row) % outputs;
      int next = row * k;
      int first = offset + group * groupStride + output * outputStride;
      for (int tap = 0; tap < taps; tap++) {
        for (int channel = 0; channel < channels; channel++) {
          indexes[next++] = first + tap * tapStride + channel * channelStride;
        }
      }
    }
    return indexes;
  }

  /// Returns a group's weights in matrix order.
  ///
  /// @param weights the tensor's elements
  /// @return `[o, k]`, a new array
  public float[] matrix(float[] weights, int group) {
    int k = rowLength();
    var matrix = new float[groupSize()];
    for (int output = 0; output < outputs; output++) {
      int[] row = indexes(group * outputs + output, 1);
      for (int i = 0; i < k; i++) {
        matrix[output * k + i] = weights[row[i]];
      }
    }
    return matrix;
  }

  /// Brings `[b, groups, outputs, rowLength]` into the tensor's order.
  ///
  /// @return `[b, weights]`, contiguous
  Tensor toTensorOrder(Tensor matrices) {
    record Axis(long number, int stride) {}
    long b = matrices.size(0);
    Tensor split = matrices.reshape(b, groups, outputs, taps, channels);
    if (tapStride < 0) {
      split = split.flip(3);
    }
    var axes = new ArrayList<Axis>();
    axes.add(new Axis(1, groupStride));
    axes.add(new Axis(2, outputStride));
    axes.add(new Axis(3, taps == 1 ? 0 : Math.abs(tapStride)));
    axes.add(new Axis(4, channelStride));
    List<Long> order =
        axes.stream()
            .sorted(Comparator.comparingInt(Axis::stride).reversed())
            .map(Axis::number)
            .toList();
    var all = new long[5];
    for (int i = 0; i < order.size(); i++) {
      all[i + 1] = order.get(i);
    }
    return split.permute(all).reshape(b, -1).contiguous();
  }
}
