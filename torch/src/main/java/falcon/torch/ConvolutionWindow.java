package falcon.torch;

import falcon.model.Node;
import java.util.ArrayList;
import java.util.List;

/// Sizes of a convolution's window and the padding that it takes, which may depend on the input's size.
///
/// A transposed convolution is seen as the convolution of stride 1 that it is on its stuffed input.
///
/// Source: ONNX operator specification, Conv and ConvTranspose.
///
/// @param kernel size along each axis
/// @param strides of a convolution; of a transposed one how far its input is spread
/// @param pads begin of each axis, then end of each axis, as the node has them
/// @param outputPadding of a transposed convolution, 0 otherwise
/// @param outputShape that a transposed convolution fixes; empty if it does not
record ConvolutionWindow(
    List<Long> kernel,
    List<Long> strides,
    List<Long> dilations,
    List<Long> pads,
    List<Long> outputPadding,
    List<Long> outputShape,
    String autoPad,
    boolean isTransposed) {
  static ConvolutionWindow of(Node node, List<Long> kernel) {
    int axes = kernel.size();
    boolean isTransposed = node.is("ConvTranspose");
    List<Long> outputShape = isTransposed ? node.integers("output_shape", List.of()) : List.of();
    return new ConvolutionWindow(
        kernel,
        filled(node, "strides", axes, 1),
        filled(node, "dilations", axes, 1),
        filled(node, "pads", 2 * axes, 0),
        isTransposed ? filled(node, "output_padding", axes, 0) : filled(node, "", axes, 0),
        outputShape.size() > axes
            ? outputShape.subList(outputShape.size() - axes, outputShape.size())
            : outputShape,
        node.text("auto_pad", "NOTSET"),
        isTransposed);
  }

  private static List<Long> filled(Node node, String attribute, int count, long absent) {
    var values = new ArrayList<>(node.integers(attribute, List.of()));
    while (values.size() < count) {
      values.add(absent);
    }
    return List.copyOf(values.subList(0, count));
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

  /// How far the window moves over the padded (and stuffed) input.
  long stride(int axis) {
    return isTransposed ? 1 : strides.get(axis);
  }

  boolean isStuffed() {
    return isTransposed && strides.stream().anyMatch(stride -> stride != 1);
  }

  /// Distance between two elements of the stuffed input.
  long stuffing(int axis) {
    return isTransposed ? strides.get(axis) : 1;
  }

  /// Padding before the first element.
  ///
  /// @param size of the node's input along the axis
  long begin(int axis, long size) {
    long own = ownPads(axis, size, true);
    return isTransposed ? reach(axis) - own : own;
  }

  /// Padding after the last element.
  ///
  /// @param size of the node's input along the axis
  long end(int axis, long size) {
    long own = ownPads(axis, size, false);
    return isTransposed ? reach(axis) - own + outputPadding.get(axis) : own;
  }

  /// Output positions along the axis.
  ///
  /// @param size of the node's input along the axis
  long positions(int axis, long size) {
    long stuffed = (size - 1) * stuffing(axis) + 1;
    return (stuffed + begin(axis, size) + end(axis, size) - reach(axis) - 1) / stride(axis) + 1;
  }

  /// From the window's first element to its last.
  private long reach(int axis) {
    return dilation(axis) * (kernel(axis) - 1);
  }

  private long ownPads(int axis, long size, boolean isBegin) {
    boolean isSame = autoPad.startsWith("SAME");
    if (autoPad.equals("VALID")) {
      return 0;
    }
    if (!isSame && outputShape.isEmpty()) {
      return pads.get(isBegin ? axis : axis + axes());
    }
    long total = Math.max(0, isTransposed ? excess(axis, size) : lack(axis, size));
    long smaller = total / 2;
    boolean isSmallerFirst = autoPad.equals("SAME_UPPER");
    return isBegin == isSmallerFirst ? smaller : total - smaller;
  }

  /// What a convolution's input lacks for ⌈size / stride⌉ outputs.
  private long lack(int axis, long size) {
    long outputs = (size + strides.get(axis) - 1) / strides.get(axis);
    return (outputs - 1) * strides.get(axis) + reach(axis) + 1 - size;
  }

  /// By how much a transposed convolution without pads would exceed the wanted output.
  private long excess(int axis, long size) {
    long wanted = outputShape.isEmpty() ? size * strides.get(axis) : outputShape.get(axis);
    return strides.get(axis) * (size - 1) + outputPadding.get(axis) + reach(axis) + 1 - wanted;
  }
}
