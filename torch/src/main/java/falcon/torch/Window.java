package falcon.torch;

import falcon.model.Node;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

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

  static Window ofConvolution(Node node, long[] weightShape, int spatial) {
    return of(node, Arrays.copyOfRange(weightShape, 2, 2 + spatial));
  }

  static Window ofPooling(Node node, Tensor input) {
    if (input.dim() != 4) {
      throw Operators.unsupported(node, "pooling over %d axes".formatted(input.dim() - 2));
    }
    return of(node, Torch.longs(node.integers("kernel_shape", List.of())));
  }

  /// @param kernel size along each spatial axis; handed over
  static Window of(Node node, long[] kernel) {
    if (!List.of("NOTSET", "VALID").contains(node.text("auto_pad", "NOTSET"))) {
      throw Operators.unsupported(node, "auto_pad=" + node.text("auto_pad", ""));
    }
    int spatial = kernel.length;
    long[] strides = filled(node, "strides", spatial, 1);
    long[] dilations = filled(node, "dilations", spatial, 1);
    long[] pads = filled(node, "pads", 2 * spatial, 0);
    return new Window(
        kernel,
        strides,
        dilations,
        Arrays.copyOf(pads, spatial),
        Arrays.copyOfRange(pads, spatial, 2 * spatial));
  }

  private static long[] filled(Node node, String attribute, int count, long absent) {
    var values = new long[count];
    Arrays.fill(values, absent);
    List<Long> given = node.integers(attribute, List.of());
    for (int i = 0; i < given.size() && i < count; i++) {
      values[i] = given.get(i);
    }
    return values;
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

  long[] symmetricPads() {
    return isSymmetric() ? begin : new long[kernel.length];
  }

  Tensor padded(Tensor input, double value) {
    if (isSymmetric()) {
      return input;
    }
    var pads = new long[2 * kernel.length];
    for (int i = 0; i < kernel.length; i++) {
      int axis = kernel.length - 1 - i;
      pads[2 * i] = begin[axis];
      pads[2 * i + 1] = end[axis];
    }
    return torch.constant_pad_nd(input, pads, new Scalar(value));
  }
}
