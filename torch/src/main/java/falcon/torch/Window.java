package falcon.torch;

import falcon.model.Node;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// Sliding window of a convolution or pooling.
///
/// Padding that differs between begin and end is applied to the input first.
final class Window {
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

  /// Window of a convolution.
  ///
  /// @param weightShape `[out, in / group, kernel…]`
  static Window ofConvolution(Node node, long[] weightShape, Tensor input) {
    return of(node, Arrays.copyOfRange(weightShape, 2, weightShape.length), input);
  }

  static Window ofPooling(Node node, Tensor input) {
    return of(node, Torch.longs(node.integers("kernel_shape", List.of())), input);
  }

  /// @param kernel size along each spatial axis; handed over
  /// @param input `[batch, channels, space…]`
  /// @throws UnsupportedNetworkException if the window does not fit the input's axes
  static Window of(Node node, long[] kernel, Tensor input) {
    if (kernel.length != input.dim() - 2) {
      throw Operators.unsupported(
          node, "its window of %d axes slides over %d".formatted(kernel.length, input.dim() - 2));
    }
    if (!node.text("auto_pad", "NOTSET").startsWith("SAME")) {
      return of(node, kernel);
    }
    return withoutPads(node, kernel)
        .same(node, Arrays.copyOfRange(input.shape(), 2, 2 + kernel.length));
  }

  /// @param kernel size along each spatial axis; handed over
  /// @throws UnsupportedNetworkException if the padding depends on the input's size
  static Window of(Node node, long[] kernel) {
    String autoPad = node.text("auto_pad", "NOTSET");
    if (!List.of("NOTSET", "VALID").contains(autoPad)) {
      throw Operators.unsupported(node, "auto_pad=" + autoPad);
    }
    Window window = withoutPads(node, kernel);
    if (autoPad.equals("VALID")) {
      return window;
    }
    int spatial = kernel.length;
    long[] pads = filled(node, "pads", 2 * spatial, 0);
    return window.padded(
        Arrays.copyOf(pads, spatial), Arrays.copyOfRange(pads, spatial, 2 * spatial));
  }

  private static Window withoutPads(Node node, long[] kernel) {
    int spatial = kernel.length;
    return new Window(
        kernel,
        filled(node, "strides", spatial, 1),
        filled(node, "dilations", spatial, 1),
        new long[spatial],
        new long[spatial]);
  }

  private Window padded(long[] before, long[] after) {
    return new Window(kernel, strides, dilations, before, after);
  }

  /// Pads so that the output has ⌈size / stride⌉ positions; an odd rest goes to the end
  /// (`SAME_UPPER`) or the begin (`SAME_LOWER`).
  private Window same(Node node, long[] sizes) {
    var before = new long[sizes.length];
    var after = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      long positions = Math.ceilDiv(sizes[i], strides[i]);
      long total = Math.max(0, (positions - 1) * strides[i] + span(i) - sizes[i]);
      before[i] = node.text("auto_pad", "").equals("SAME_UPPER") ? total / 2 : (total + 1) / 2;
      after[i] = total - before[i];
    }
    return padded(before, after);
  }

  /// @return `count` numbers: the attribute's, or `absent` where it is not there
  static long[] filled(Node node, String attribute, int count, long absent) {
    var values = new long[count];
    Arrays.fill(values, absent);
    List<Long> given = node.integers(attribute, List.of());
    for (int i = 0; i < given.size() && i < count; i++) {
      values[i] = given.get(i);
    }
    return values;
  }

  /// The window of one axis as a window of two.
  Window withLeadingAxis() {
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
  Window fitted(long[] sizes, boolean ceil) {
    var after = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      after[i] = (positions(i, sizes[i], ceil) - 1) * strides[i] + span(i) - sizes[i] - begin[i];
    }
    return padded(begin, after);
  }

  /// How often the window fits along an axis; with `ceil` a last window must not start in the padding
  /// behind the input.
  private long positions(int axis, long size, boolean ceil) {
    long room = size + begin[axis] + end[axis] - span(axis);
    if (!ceil) {
      return room / strides[axis] + 1;
    }
    long positions = Math.ceilDiv(room, strides[axis]) + 1;
    return (positions - 1) * strides[axis] >= size + begin[axis] ? positions - 1 : positions;
  }

  /// From the first to the last element under the window.
  long span(int axis) {
    return (kernel[axis] - 1) * dilations[axis] + 1;
  }

  long[] kernel() {
    return kernel;
  }

  long stride(int axis) {
    return strides[axis];
  }

  long dilation(int axis) {
    return dilations[axis];
  }

  /// Padding before the first element of a spatial axis.
  long begin(int axis) {
    return begin[axis];
  }

  /// Padding after the last element of a spatial axis.
  long end(int axis) {
    return end[axis];
  }

  long[] strides() {
    return strides;
  }

  long[] dilations() {
    return dilations;
  }

  boolean isSymmetric() {
    return Arrays.equals(begin, end);
  }

  /// Whether the window takes neighbours, without gaps.
  boolean isDense() {
    return Arrays.stream(dilations).allMatch(dilation -> dilation == 1);
  }

  /// Whether libtorch's pooling takes the padding: equal at both ends, at most half a window.
  boolean isPooled() {
    for (int i = 0; i < kernel.length; i++) {
      if (begin[i] != end[i] || 2 * begin[i] > kernel[i]) {
        return false;
      }
    }
    return true;
  }

  long[] symmetricPads() {
    return isSymmetric() ? begin : new long[kernel.length];
  }

  /// The input with padding that differs between the ends; unchanged if it does not.
  Tensor padded(Tensor input, double value) {
    return isSymmetric() ? input : fullyPadded(input, value);
  }

  /// The input with all its padding; what is negative is cut off.
  Tensor fullyPadded(Tensor input, double value) {
    return Torch.padded(input, begin, end, value);
  }
}
