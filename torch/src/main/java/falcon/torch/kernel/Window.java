package falcon.torch.kernel;

import falcon.model.Node;
import falcon.model.shape.AxisPadding;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/// Sliding window of a convolution or pooling.
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

  /// A window with the same padding on both sides of an axis.
  ///
  /// @param kernel size along each spatial axis; handed over, as are the others
  public static Window symmetric(long[] kernel, long[] strides, long[] dilations, long[] pads) {
    return new Window(kernel, strides, dilations, pads, pads);
  }

  /// Window of a convolution.
  ///
  /// @param weightShape `[out, in / group, kernel…]`
  public static Window ofConvolution(Node node, long[] weightShape, Tensor input) {
    return of(node, Arrays.copyOfRange(weightShape, 2, weightShape.length), input);
  }

  public static Window ofPooling(Node node, Tensor input) {
    return of(node, Torch.longs(node.integers("kernel_shape", List.of())), input);
  }

  /// @param kernel size along each spatial axis; handed over
  /// @param input `[batch, channels, space…]`
  /// @throws UnsupportedNetworkException if the window does not fit the input's axes, or nobody
  ///     knows its padding
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

  /// The stride, or a shorter one that is as good where there is one position only: oneDNN ends the
  /// process at strides far beyond the image.
  ///
  /// @param size of the padded image
  private static long reachable(long stride, long size) {
    return Math.min(stride, Math.max(1, size));
  }

  /// @return `count` numbers: the attribute's, or `absent` where it is not there
  public static long[] filled(Node node, String attribute, int count, long absent) {
    var values = new long[count];
    Arrays.setAll(values, i -> AxisPadding.entry(node, attribute, i, absent));
    return values;
  }

  /// The window of one axis as a window of two.
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

  /// The window with padding at the end such that it fits as often as it should: the padding behind
  /// the input reaches as far as the last window, no less and no more.
  ///
  /// @param sizes of the input's spatial axes
  /// @param ceil whether a last window may lie partly behind the padding
  public Window fitted(long[] sizes, boolean ceil) {
    var after = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      after[i] = (positions(i, sizes[i], ceil) - 1) * strides[i] + span(i) - sizes[i] - begin[i];
    }
    return new Window(kernel, strides, dilations, begin, after);
  }

  /// How often the window fits along an axis; with `ceil` a last window must not start in the
  /// padding behind the input.
  private long positions(int axis, long size, boolean ceil) {
    long room = size + begin[axis] + end[axis] - span(axis);
    if (!ceil) {
      return room / strides[axis] + 1;
    }
    long positions = Math.ceilDiv(room, strides[axis]) + 1;
    return (positions - 1) * strides[axis] >= size + begin[axis] ? positions - 1 : positions;
  }

  /// Shape of what a convolution makes.
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

  /// From the first to the last element under the window.
  public long span(int axis) {
    return (kernel[axis] - 1) * dilations[axis] + 1;
  }

  public long[] kernel() {
    return kernel;
  }

  public long stride(int axis) {
    return strides[axis];
  }

  long dilation(int axis) {
    return dilations[axis];
  }

  /// Padding before the first element of a spatial axis.
  public long begin(int axis) {
    return begin[axis];
  }

  /// Padding after the last element of a spatial axis.
  public long end(int axis) {
    return end[axis];
  }

  public long[] strides() {
    return strides;
  }

  public long[] dilations() {
    return dilations;
  }

  public boolean isSymmetric() {
    return Arrays.equals(begin, end);
  }

  /// Whether the window takes neighbours, without gaps.
  public boolean isDense() {
    return Arrays.stream(dilations).allMatch(dilation -> dilation == 1);
  }

  /// Whether libtorch's pooling takes the padding: equal at both ends, at most half a window.
  public boolean isPooled() {
    for (int i = 0; i < kernel.length; i++) {
      if (begin[i] != end[i] || 2 * begin[i] > kernel[i]) {
        return false;
      }
    }
    return true;
  }

  public long[] symmetricPads() {
    return isSymmetric() ? begin : new long[kernel.length];
  }

  /// The input with padding that differs between the ends; unchanged if it does not.
  public Tensor padded(Tensor input, double value) {
    return isSymmetric() ? input : fullyPadded(input, value);
  }

  /// The input with all its padding; what is negative is cut off.
  public Tensor fullyPadded(Tensor input, double value) {
    return Torch.padded(input, begin, end, value);
  }
}
