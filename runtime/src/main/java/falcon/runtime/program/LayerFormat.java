package falcon.runtime.program;

import falcon.model.Node;
import falcon.model.operator.AxisPadding;
import falcon.runtime.kernel.Axis;
import falcon.runtime.kernel.ConvolutionShape;
import falcon.runtime.kernel.Extent;
import falcon.runtime.kernel.PlaneLayout;
import falcon.runtime.kernel.Window;
import falcon.runtime.operator.Layer;
import falcon.runtime.operator.Value;
import org.jspecify.annotations.Nullable;

/// A layer as the kernels see it: a convolution of planes.
///
/// A linear layer on few rows takes each row as an image of one position; on more rows these are
/// the positions of a plane for each feature.
///
/// @param shape the convolution
/// @param images number of images
/// @param kind how values become planes
record LayerFormat(ConvolutionShape shape, int images, Kind kind) {
  /// The ways in which a row-major value becomes planes.
  enum Kind {
    /// Axes `[images, channels, rows, columns]`, one or two of them spatial.
    PLANES,
    /// Each image has one position, so that row-major is the layout already.
    POINTS,
    /// Rows `[…, features]` become the columns of one plane for each feature.
    TOKENS
  }

  /// Returns the format of a layer.
  ///
  /// @return null if the kernels do not take it: three spatial axes, or cropping pads
  static @Nullable LayerFormat of(Operation operation) {
    Layer layer = operation.layer();
    if (layer == null || operation.out().elements() == 0 || operation.in(0).elements() == 0) {
      return null;
    }
    return layer.kind() == Layer.Kind.CONVOLUTION
        ? convolution(operation)
        : linear(operation, layer);
  }

  private static @Nullable LayerFormat linear(Operation operation, Layer layer) {
    Value weights = operation.in(1);
    boolean isTurned = layer.kind() == Layer.Kind.LINEAR_TURNED;
    int inputs = weights.size(isTurned ? 1 : 0);
    int outputs = weights.size(isTurned ? 0 : 1);
    int rows = operation.in(0).elements() / inputs;
    return rows < PlaneLayout.IMAGES
        ? new LayerFormat(ConvolutionShape.linear(inputs, outputs, 1), rows, Kind.POINTS)
        : new LayerFormat(ConvolutionShape.linear(inputs, outputs, rows), 1, Kind.TOKENS);
  }

  private static @Nullable LayerFormat convolution(Operation operation) {
    Value x = operation.in(0);
    Value weights = operation.in(1);
    int axes = x.rank() - 2;
    if (axes < 1 || axes > 2) {
      return null;
    }
    Axis rows = axes == 1 ? new Axis(1, Window.POINT) : axis(operation, 0, axes);
    Axis columns = axis(operation, axes - 1, axes);
    if (rows == null || columns == null) {
      return null;
    }
    int groups = (int) operation.node().integer("group", 1);
    var shape = new ConvolutionShape(x.size(1), weights.size(0), groups, rows, columns);
    int images = x.size(0);
    boolean isPoint =
        rows.window().size() == 1
            && columns.window().size() == 1
            && shape.input(images).isPoint()
            && shape.output(images).isPoint()
            && images < PlaneLayout.IMAGES;
    return new LayerFormat(shape, images, isPoint ? Kind.POINTS : Kind.PLANES);
  }

  private static @Nullable Axis axis(Operation operation, int number, int axes) {
    Node node = operation.node();
    int length = operation.in(0).size(number + 2);
    int size = operation.in(1).size(number + 2);
    long stride = AxisPadding.entry(node, "strides", number, 1);
    long dilation = AxisPadding.entry(node, "dilations", number, 1);
    long span = (size - 1) * dilation + 1;
    AxisPadding padding = AxisPadding.of(node, number, axes, length, stride, span);
    if (padding.begin() < 0 || padding.end() < 0) {
      return null;
    }
    var window =
        new Window(
            size,
            Math.toIntExact(stride),
            Math.toIntExact(dilation),
            Math.toIntExact(padding.begin()),
            Math.toIntExact(padding.end()));
    return new Axis(length, window);
  }

  Extent input() {
    return shape.input(images);
  }

  Extent output() {
    return shape.output(images);
  }

  int lanes() {
    return kind == Kind.PLANES && images >= PlaneLayout.IMAGES ? PlaneLayout.IMAGES : 1;
  }

  /// Returns whether input positions are skipped, so that planes are read by phases.
  boolean isStrided() {
    return lanes() == 1
        && (shape.rows().window().stride() > 1 || shape.columns().window().stride() > 1);
  }
}
