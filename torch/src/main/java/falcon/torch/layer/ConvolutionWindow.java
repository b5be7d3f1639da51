package falcon.torch.layer;

import falcon.model.Node;
import falcon.model.operator.AxisPadding;
import java.util.List;
import java.util.stream.IntStream;

/// The sizes of a convolution's window and its padding, which may depend on the input's size.
///
/// A transposed convolution is treated as a convolution of stride 1 over its stuffed input.
///
/// Source: ONNX operator specification, Conv and ConvTranspose.
///
/// @param node the convolution's node
/// @param kernel size along each axis
/// @param strides strides of a convolution; for a transposed one, the spacing of its stuffed input
record ConvolutionWindow(Node node, List<Long> kernel, List<Long> strides, List<Long> dilations) {
  static ConvolutionWindow of(Node node, List<Long> kernel) {
    return new ConvolutionWindow(
        node, kernel, filled(node, "strides", kernel), filled(node, "dilations", kernel));
  }

  private static List<Long> filled(Node node, String attribute, List<Long> kernel) {
    return IntStream.range(0, kernel.size())
        .mapToObj(axis -> AxisPadding.entry(node, attribute, axis, 1))
        .toList();
  }

  private boolean isTransposed() {
    return node.is("ConvTranspose");
  }

  int axes() {
    return kernel.size();
  }

  long kernel(int axis) {
    return kernel.get(axis);
  }

  long dilation(int axis) {
    return dilations.get(axis);
  }

  /// Returns the stride of the window over the padded (and stuffed) input.
  long stride(int axis) {
    return isTransposed() ? 1 : strides.get(axis);
  }

  boolean isStuffed() {
    return isTransposed() && strides.stream().anyMatch(stride -> stride != 1);
  }

  /// Returns the distance between two elements of the stuffed input.
  long stuffing(int axis) {
    return isTransposed() ? strides.get(axis) : 1;
  }

  /// Returns the padding before the first element.
  ///
  /// @param size size of the node's input along the axis
  long begin(int axis, long size) {
    long own = own(axis, size).begin();
    return isTransposed() ? reach(axis) - own : own;
  }

  /// Returns the padding after the last element.
  ///
  /// @param size size of the node's input along the axis
  long end(int axis, long size) {
    long own = own(axis, size).end();
    return isTransposed() ? reach(axis) - own : own;
  }

  private AxisPadding own(int axis, long size) {
    long stride = strides.get(axis);
    long span = reach(axis) + 1;
    return isTransposed()
        ? AxisPadding.ofTransposed(node, axis, axes(), size, stride, span)
        : AxisPadding.of(node, axis, axes(), size, stride, span);
  }

  /// Returns the number of output positions along the axis.
  ///
  /// @param size size of the node's input along the axis
  long positions(int axis, long size) {
    long stuffed = (size - 1) * stuffing(axis) + 1;
    return (stuffed + begin(axis, size) + end(axis, size) - reach(axis) - 1) / stride(axis) + 1;
  }

  /// Returns the distance from the window's first element to its last.
  private long reach(int axis) {
    return dilation(axis) * (kernel(axis) - 1);
  }
}
