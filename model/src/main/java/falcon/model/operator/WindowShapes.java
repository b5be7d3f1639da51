package falcon.model.operator;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Shape inference of operators that slide a window over an image: `[batch, channels, space…]`.
final class WindowShapes {
  private WindowShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put(
        "Conv",
        OperatorRule.ofShape(WindowShapes::convolution)
            .multiplies(new ConvolutionProduct(false))
            .learns(1, 2)
            .with(OperatorRule.Trait.FINITE));
    all.put(
        "ConvTranspose",
        OperatorRule.ofShape(WindowShapes::transposedConvolution)
            .multiplies(new ConvolutionProduct(true))
            .learns(1, 2)
            .with(OperatorRule.Trait.FINITE));
    for (String name : List.of("MaxPool", "AveragePool", "LpPool")) {
      all.put(name, OperatorRule.ofShapes(2, WindowShapes::pooling));
    }
    all.put("MaxUnpool", OperatorRule.ofShape(WindowShapes::unpooling));
    for (String name : List.of("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")) {
      all.put(name, OperatorRule.ofShape(WindowShapes::globalPooling));
    }
    all.put("Col2Im", OperatorRule.ofShape(WindowShapes::folded));
    all.put("DepthToSpace", OperatorRule.ofShape(WindowShapes::depthAndSpace));
    all.put("SpaceToDepth", OperatorRule.ofShape(WindowShapes::depthAndSpace));
  }

  /// Counts the multiply-accumulates of a convolution. With weights `[out, in / group, kernel…]` an
  /// output is a sum over all axes of the weights but the first; transposed, with weights
  /// `[in, out / group, kernel…]`, an input contributes to all of them.
  private record ConvolutionProduct(boolean isTransposed) implements Product {
    @Override
    public List<Integer> factors(Node node) {
      return List.of(0, 1);
    }

    @Override
    public List<Integer> weights() {
      return List.of(1);
    }

    @Override
    public @Nullable Long macs(NodeShapes shapes) {
      List<Long> positions = isTransposed ? shapes.input(0) : shapes.output();
      List<Long> weights = shapes.input(1);
      return positions == null || weights == null
          ? null
          : Math.multiplyExact(
              Tensor.elements(positions), Tensor.elements(weights.subList(1, weights.size())));
    }
  }

  /// Infers the output of `Conv` with weights `[out, in / group, kernel…]`.
  static List<Long> convolution(Operands operands) {
    List<Long> image = image(operands);
    List<Long> weights = operands.shape(1);
    long group = group(operands);
    if (weights.size() != image.size()
        || image.get(1) != Math.multiplyExact(weights.get(1), group)
        || weights.get(0) % group != 0) {
      throw operands.mismatch("weights and channels do not fit, with group %d".formatted(group));
    }
    operands.requireList(2, weights.get(0));
    return slide(operands, weights.get(0), kernel(operands, weights));
  }

  /// Infers the outputs of `MaxPool`, `AveragePool` and `LpPool`.
  private static List<Long> pooling(Operands operands) {
    List<Long> image = image(operands);
    return slide(operands, image.get(1), window(operands, image.size() - 2));
  }

  /// Infers the output of `MaxUnpool`: the size before a pooling with the same window, or the
  /// requested one.
  private static List<Long> unpooling(Operands operands) {
    List<Long> image = image(operands);
    int axes = image.size() - 2;
    if (operands.has(2)) {
      List<Long> wanted = operands.content(2);
      if (wanted.size() != image.size()) {
        throw operands.mismatch("its output would have the shape %s".formatted(wanted));
      }
      return positive(operands, wanted);
    }
    List<Long> kernel = window(operands, axes);
    List<Long> strides = steps(operands, "strides", axes);
    List<Long> pads = axisList(operands, "pads", 2 * axes, 0);
    var shape = new ArrayList<>(image.subList(0, 2));
    for (int i = 0; i < axes; i++) {
      long full = (image.get(i + 2) - 1) * strides.get(i) + kernel.get(i);
      shape.add(full - pads.get(i) - pads.get(i + axes));
    }
    return positive(operands, shape);
  }

  /// Infers the output of `GlobalAveragePool` and the other global pools: one position is left.
  private static List<Long> globalPooling(Operands operands) {
    List<Long> image = image(operands);
    var shape = new ArrayList<>(image.subList(0, 2));
    shape.addAll(Collections.nCopies(image.size() - 2, 1L));
    return shape;
  }

  /// Infers the output of `ConvTranspose` with weights `[in, out / group, kernel…]`.
  private static List<Long> transposedConvolution(Operands operands) {
    Node node = operands.node();
    List<Long> image = image(operands);
    List<Long> weights = operands.shape(1);
    long group = group(operands);
    if (weights.size() != image.size()
        || !image.get(1).equals(weights.get(0))
        || weights.get(0) % group != 0) {
      throw operands.mismatch("weights and channels do not fit, with group %d".formatted(group));
    }
    int axes = image.size() - 2;
    long outputs = Math.multiplyExact(weights.get(1), group);
    operands.requireList(2, outputs);
    var shape = new ArrayList<>(List.of(image.get(0), outputs));
    List<Long> kernel = kernel(operands, weights);
    List<Long> strides = steps(operands, "strides", axes);
    List<Long> dilations = steps(operands, "dilations", axes);
    axisList(operands, "pads", 2 * axes, 0);
    axisList(operands, "output_padding", axes, 0);
    for (int i = 0; i < axes; i++) {
      long size = image.get(i + 2);
      long span = span(kernel.get(i), dilations.get(i));
      AxisPadding cut = AxisPadding.ofTransposed(node, i, axes, size, strides.get(i), span);
      long whole = Math.addExact(Math.multiplyExact(strides.get(i), size - 1), span);
      shape.add(Math.subtractExact(whole, cut.total()));
    }
    int sizes = node.integers("output_shape", shape).size();
    if (sizes < axes) {
      throw operands.mismatch("attribute 'output_shape' has %d numbers".formatted(sizes));
    }
    return positive(operands, shape);
  }

  /// Infers the output of `Col2Im`: `[batch, channels · window, windows]` give the image that
  /// contains the windows.
  private static List<Long> folded(Operands operands) {
    List<Long> columns = operands.shape(0);
    List<Long> sizes = positive(operands, operands.content(1));
    List<Long> block = positive(operands, operands.content(2));
    int axes = sizes.size();
    if (columns.size() != 3 || block.size() != axes || axes == 0) {
      throw operands.mismatch("the image %s and the window %s do not fit".formatted(sizes, block));
    }
    List<Long> strides = steps(operands, "strides", axes);
    List<Long> dilations = steps(operands, "dilations", axes);
    List<Long> pads = axisList(operands, "pads", 2 * axes, 0);
    if (pads.stream().anyMatch(pad -> pad < 0)) {
      throw operands.mismatch("attribute 'pads' is %s".formatted(pads));
    }
    long windows = 1;
    for (int i = 0; i < axes; i++) {
      long padded = Math.addExact(sizes.get(i), pads.get(i) + pads.get(i + axes));
      long room = padded - span(block.get(i), dilations.get(i));
      windows = Math.multiplyExact(windows, room < 0 ? 0 : room / strides.get(i) + 1);
    }
    long window = Tensor.elements(block);
    if (windows != columns.get(2) || columns.get(1) % window != 0) {
      throw operands.mismatch("the image has %d windows of %d elements".formatted(windows, window));
    }
    var shape = new ArrayList<>(List.of(columns.get(0), columns.get(1) / window));
    shape.addAll(sizes);
    return shape;
  }

  /// Infers the output of `DepthToSpace` and `SpaceToDepth`: channels become positions, or the
  /// reverse.
  private static List<Long> depthAndSpace(Operands operands) {
    List<Long> image = image(operands);
    long block = operands.node().integer("blocksize", 1);
    boolean toSpace = operands.node().is("DepthToSpace");
    if (block < 1 || block > Integer.MAX_VALUE) {
      throw operands.mismatch("its block size is %d".formatted(block));
    }
    var shape = new ArrayList<Long>();
    shape.add(image.get(0));
    long square = block * block;
    if (toSpace && image.get(1) % square != 0) {
      throw operands.mismatch("its block size %d does not divide the channels".formatted(block));
    }
    shape.add(toSpace ? image.get(1) / square : Math.multiplyExact(image.get(1), square));
    for (long size : image.subList(2, image.size())) {
      if (!toSpace && size % block != 0) {
        throw operands.mismatch("its block size %d does not divide the image".formatted(block));
      }
      shape.add(toSpace ? Math.multiplyExact(size, block) : size / block);
    }
    return positive(operands, shape);
  }

  private static List<Long> slide(Operands operands, long channels, List<Long> kernel) {
    List<Long> image = operands.shape(0);
    int axes = image.size() - 2;
    List<Long> strides = steps(operands, "strides", axes);
    List<Long> dilations = steps(operands, "dilations", axes);
    axisList(operands, "pads", 2 * axes, 0);
    var shape = new ArrayList<>(List.of(image.get(0), channels));
    for (int i = 0; i < axes; i++) {
      long window = span(kernel.get(i), dilations.get(i));
      shape.add(positions(operands, i, image.get(i + 2), window, strides.get(i)));
    }
    return positive(operands, shape);
  }

  /// Returns the number of window positions along one axis.
  private static long positions(Operands operands, int axis, long size, long window, long stride) {
    Node node = operands.node();
    int axes = operands.shape(0).size() - 2;
    AxisPadding padding = AxisPadding.of(node, axis, axes, size, stride, window);
    long before = padding.begin();
    long room = size + padding.total() - window;
    if (room < 0) {
      return 0;
    }
    if (node.integer("ceil_mode", 0) == 0) {
      return room / stride + 1;
    }
    long positions = Math.ceilDiv(room, stride) + 1;
    // a last window that would start in the padding after the image is omitted
    return (positions - 1) * stride >= size + before ? positions - 1 : positions;
  }

  /// Returns the size of the window: that of the filters, which the attribute may repeat.
  private static List<Long> kernel(Operands operands, List<Long> weights) {
    List<Long> own = weights.subList(2, weights.size());
    List<Long> kernel = operands.node().integers("kernel_shape", own);
    if (!kernel.equals(own)) {
      throw operands.mismatch("attribute 'kernel_shape' is %s".formatted(kernel));
    }
    if (weights.contains(0L)) {
      throw operands.mismatch("its filters have no elements");
    }
    return kernel;
  }

  /// Returns the window of a pool, one number per axis, each 1 or more.
  private static List<Long> window(Operands operands, int axes) {
    List<Long> kernel = operands.node().integers("kernel_shape", List.of());
    if (kernel.size() != axes) {
      throw operands.mismatch("the window %s does not fit".formatted(kernel));
    }
    return steps(operands, "kernel_shape", axes);
  }

  private static long group(Operands operands) {
    long group = operands.node().integer("group", 1);
    if (group < 1) {
      throw operands.mismatch("attribute 'group' is %d".formatted(group));
    }
    return group;
  }

  /// Returns a list with one number per axis, each 1 or more.
  private static List<Long> steps(Operands operands, String attribute, int count) {
    List<Long> list = axisList(operands, attribute, count, 1);
    if (list.stream().anyMatch(step -> step < 1)) {
      throw operands.mismatch("attribute '%s' is %s".formatted(attribute, list));
    }
    return list;
  }

  /// Returns a list of numbers within 32 bits, beyond which no window reaches.
  private static List<Long> axisList(Operands operands, String attribute, int count, long each) {
    List<Long> list = operands.node().integers(attribute, Collections.nCopies(count, each));
    if (list.size() != count) {
      throw operands.mismatch(
          "attribute '%s' is %s where %d numbers belong".formatted(attribute, list, count));
    }
    if (list.stream().anyMatch(number -> number != number.intValue())) {
      throw operands.mismatch("attribute '%s' is %s".formatted(attribute, list));
    }
    return list;
  }

  /// Returns the extent of a window along one axis, from its first to its last element.
  private static long span(long kernel, long dilation) {
    return Math.addExact(Math.multiplyExact(kernel - 1, dilation), 1);
  }

  private static List<Long> image(Operands operands) {
    List<Long> image = operands.shape(0);
    if (image.size() < 3) {
      throw operands.mismatch("its input has no positions to slide over");
    }
    return image;
  }

  private static List<Long> positive(Operands operands, List<Long> shape) {
    if (shape.stream().anyMatch(size -> size < 1)) {
      throw operands.mismatch("its output would have the shape %s".formatted(shape));
    }
    return shape;
  }
}
