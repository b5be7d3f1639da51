package falcon.torch.kernel;

import falcon.model.Node;
import falcon.model.operator.AxisPadding;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/// The sliding window of a convolution or pooling.
///
/// Padding that differs between begin and end is applied to the input first.
public final class Window {
  private static final Set<String> KNOWN_PADDING =
      Set.of("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER");

  private final long[] kernel;
  private final long[] strides;
  private final long[] dilations;
  private final long[] begin;
  private final long[] end;

  private Window(long[] kernel, long[] strides, long[] dilations, long[] begin, long[] end) {
    this.kernel = kernel;
    this.strides = strides;
    this.dilations = dilations;
    this.begin = begin;
    this.end = end;
  }

  /// Returns a window with the same padding on both sides of an axis.
  ///
  /// @param kernel size along each spatial axis; handed over, like the other arrays
  public static Window symmetric(long[] kernel, long[] strides, long[] dilations, long[] pads) {
    return new Window(kernel, strides, dilations, pads, pads);
  }

  /// Returns the window of a convolution.
  ///
  /// @param weightShape `[out, in / group, kernel…]`
  public static Window ofConvolution(Node node, long[] weightShape, Tensor input) {
    return of(node, Arrays.copyOfRange(weightShape, 2, weightShape.length), input);
  }

  /// Returns the window of a pooling node.
  ///
  /// @param input `[batch, channels, space…]`
  public static Window ofPooling(Node node, Tensor input) {
    return of(node, Torch.longs(node.integers("kernel_shape", List.of())), input);
  }

  /// Returns the window of a node.
  ///
  /// @param kernel size along each spatial axis; handed over
  /// @param input `[batch, channels, space…]`
  /// @throws UnsupportedNetworkException if the window does not fit the input's axes, or its
  ///     padding is unknown
  static Window of(Node node, long[] kernel, Tensor input) {
    if (kernel.length != input.dim() - 2) {
      throw UnsupportedNetworkException.of(
          node, "its window of %d axes slides over %d".formatted(kernel.length, input.dim() - 2));
    }
    String autoPad = node.text("auto_pad", "NOTSET");
    if (!KNOWN_PADDING.contains(autoPad)) {
      throw UnsupportedNetworkException.of(node, "auto_pad=" + autoPad);
    }
    int axes = kernel.length;
    long[] strides = filled(node, "strides", axes, 1);
    long[] dilations = filled(node, "dilations", axes, 1);
    var begin = new long[axes];
    var end = new long[axes];
    for (int i = 0; i < axes; i++) {
      long span = (kernel[i] - 1) * dilations[i] + 1;
      var padding = AxisPadding.of(node, i, axes, input.size(i + 2L), strides[i], span);
      begin[i] = padding.begin();
      end[i] = padding.end();
      strides[i] = reachable(strides[i], input.size(i + 2L) + padding.total());
      dilations[i] = kernel[i] == 1 ? 1 : dilations[i];
    }
    return new Window(kernel, strides, dilations, begin, end);
  }

  /// Returns the stride, or a shorter equivalent one where there is only one position: oneDNN ends
  /// the process at strides far beyond the image.
  ///
  /// @param size size of the padded image
  private static long reachable(long stride, long size) {
    return Math.min(stride, Math.max(1, size));
  }

  /// Returns `count` numbers: those of the attribute, or `absent` where there is none.
  public static long[] filled(Node node, String attribute, int count, long absent) {
    var values = new long[count];
    Arrays.setAll(values, i -> AxisPadding.entry(node, attribute, i, absent));
    return values;
  }

  /// Returns the window of one axis as a window of two.
  public Window withLeadingAxis() {
    return new Window(
        joined(1, kernel),
        joined(1, strides),
        joined(1, dilations),
        joined(0, begin),
        joined(0, end));
  }

  private static long[] joined(long first, long[] rest) {
    var all = new long[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  /// Returns the window with its padding at the end adjusted so that the padding behind the input
  /// reaches exactly as far as the last window.
  ///
  /// @param sizes sizes of the input's spatial axes
  /// @param ceil whether the last window may be partly behind the padding
  public Window fitted(long[] sizes, boolean ceil) {
    var after = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      after[i] = (positions(i, sizes[i], ceil) - 1) * strides[i] + span(i) - sizes[i] - begin[i];
    }
    return new Window(kernel, strides, dilations, begin, after);
  }

  /// Returns the number of positions of the window along an axis; with `ceil` the last window must
  /// not start in the padding behind the input.
  private long positions(int axis, long size, boolean ceil) {
    long room = size + begin[axis] + end[axis] - span(axis);
    if (!ceil) {
      return room / strides[axis] + 1;
    }
    long positions = Math.ceilDiv(room, strides[axis]) + 1;
    return (positions - 1) * strides[axis] >= size + begin[axis] ? positions - 1 : positions;
  }

  /// Returns the shape of a convolution's result.
  ///
  /// @param input `[batch, channels, space…]`
  /// @return `[batch, outputs, positions…]`
  public long[] shape(Tensor input, long outputs) {
    long[] shape = input.shape();
    shape[1] = outputs;
    for (int i = 0; i < kernel.length; i++) {
      shape[i + 2] = positions(i, shape[i + 2], false);
    }
    return shape;
  }

  /// Returns the number of elements from the first to the last one under the window, both included.
  public long span(int axis) {
    return (kernel[axis] - 1) * dilations[axis] + 1;
  }

  /// Returns the size along each spatial axis; not copied.
  public long[] kernel() {
    return kernel;
  }

  /// Returns the stride along a spatial axis.
  public long stride(int axis) {
    return strides[axis];
  }

  long dilation(int axis) {
    return dilations[axis];
  }

  /// Returns the padding before the first element of a spatial axis.
  public long begin(int axis) {
    return begin[axis];
  }

  /// Returns the padding after the last element of a spatial axis.
  public long end(int axis) {
    return end[axis];
  }

  /// Returns the stride along each spatial axis; not copied.
  public long[] strides() {
    return strides;
  }

  /// Returns the dilation along each spatial axis; not copied.
  public long[] dilations() {
    return dilations;
  }

  /// Returns whether every axis has the same padding on both sides.
  public boolean isSymmetric() {
    return Arrays.equals(begin, end);
  }

  /// Returns whether the window covers adjacent elements, without gaps.
  public boolean isDense() {
    return Arrays.stream(dilations).allMatch(dilation -> dilation == 1);
  }

  /// Returns whether libtorch's pooling accepts the padding: equal at both ends, at most half a
  /// window.
  public boolean isPooled() {
    for (int i = 0; i < kernel.length; i++) {
      if (begin[i] != end[i] || 2 * begin[i] > kernel[i]) {
        return false;
      }
    }
    return true;
  }

  /// Returns the padding along each axis that is left to libtorch: that of a symmetric window, else
  /// zeros, since [#padded] applies it; read only.
  public long[] symmetricPads() {
    return isSymmetric() ? begin : new long[kernel.length];
  }

  /// Returns the input with the padding that differs between the ends; unchanged if it does not
  /// differ.
  public Tensor padded(Tensor input, double value) {
    return isSymmetric() ? input : fullyPadded(input, value);
  }

  /// Returns the input with all its padding; negative padding crops.
  public Tensor fullyPadded(Tensor input, double value) {
    return Torch.padded(input, begin, end, value);
  }
}
