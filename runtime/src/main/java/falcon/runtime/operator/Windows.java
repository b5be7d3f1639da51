package falcon.runtime.operator;

import falcon.model.Node;
import falcon.model.operator.AxisPadding;

/// The window of a convolution or a pool over one to three spatial axes, written as three: axes
/// that are missing come first, with size 1.
final class Windows {
  private final int[] kernel;
  private final int[] strides;
  private final int[] dilations;
  private final int[] begins;
  private final int[] input;
  private final int[] output;

  /// @param kernel sizes of the window
  /// @param strides steps of the window
  /// @param dilations distances of its elements
  /// @param begins padding before the first element; negative where it crops
  /// @param input sizes of the input
  /// @param output sizes of the output
  Windows(int[] kernel, int[] strides, int[] dilations, int[] begins, int[] input, int[] output) {
    this.kernel = kernel;
    this.strides = strides;
    this.dilations = dilations;
    this.begins = begins;
    this.input = input;
    this.output = output;
  }

  int[] kernel() {
    return kernel;
  }

  int[] strides() {
    return strides;
  }

  int[] dilations() {
    return dilations;
  }

  int[] begins() {
    return begins;
  }

  int[] input() {
    return input;
  }

  int[] output() {
    return output;
  }

  /// Number of spatial axes.
  static final int AXES = 3;

  /// @param kernel sizes of the window, one for each spatial axis
  /// @param x value `[n, c, …]`
  static Windows of(Operands in, int[] kernel, Value x, Value out) {
    int axes = kernel.length;
    if (axes < 1 || axes > AXES || x.rank() != axes + 2) {
      throw in.unsupported("it has %d spatial axes; one to three are run".formatted(axes));
    }
    Node node = in.node();
    var all = new Windows(ones(), ones(), ones(), new int[AXES], ones(), ones());
    for (int i = 0; i < axes; i++) {
      int place = AXES - axes + i;
      long stride = AxisPadding.entry(node, "strides", i, 1);
      long dilation = AxisPadding.entry(node, "dilations", i, 1);
      long span = (kernel[i] - 1) * dilation + 1;
      all.kernel[place] = kernel[i];
      all.strides[place] = (int) Math.min(stride, Integer.MAX_VALUE / 2);
      all.dilations[place] = (int) Math.min(dilation, Integer.MAX_VALUE / 2);
      all.begins[place] =
          Math.toIntExact(AxisPadding.of(node, i, axes, x.size(i + 2), stride, span).begin());
      all.input[place] = x.size(i + 2);
      all.output[place] = out.size(i + 2);
    }
    return all;
  }

  private static int[] ones() {
    return new int[] {1, 1, 1};
  }

  /// Returns the number of input elements of a channel.
  int inputs() {
    return input[0] * input[1] * input[2];
  }

  /// Returns the number of output elements of a channel.
  int outputs() {
    return output[0] * output[1] * output[2];
  }

  /// Returns the number of elements of the window.
  int taps() {
    return kernel[0] * kernel[1] * kernel[2];
  }

  /// Returns the first output position along an axis at which an element of the window is inside
  /// the input.
  int first(int axis, int tap) {
    int shift = begins[axis] - tap * dilations[axis];
    return Math.clamp(Math.ceilDiv(shift, strides[axis]), 0, output[axis]);
  }

  /// Returns the output position behind the last one at which an element of the window is inside.
  int last(int axis, int tap) {
    int shift = begins[axis] - tap * dilations[axis] + input[axis] - 1;
    return shift < 0 ? 0 : Math.clamp(shift / strides[axis] + 1, 0, output[axis]);
  }

  /// Returns the input position of an element of the window at an output position.
  int source(int axis, int position, int tap) {
    return position * strides[axis] + tap * dilations[axis] - begins[axis];
  }
}
