package falcon.torch.layer;

import falcon.model.Node;
import falcon.model.layer.WeightUse;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// A convolution over any number of axes, or a transposed one, which is a convolution of stride 1
/// with the window reversed, over the input with `stride − 1` zeros between its elements.
///
/// A row is a patch: taps of the window, row-major, and for each all channels of the group:
/// contiguous in channels-last memory.
final class ConvolutionGeometry implements LayerGeometry {
  private final WeightOrder order;
  private final ConvolutionWindow window;

  private ConvolutionGeometry(WeightOrder order, ConvolutionWindow window) {
    this.order = order;
    this.window = window;
  }

  /// @param shape shape of the weight tensor: `[outputs, channels of a group, window…]`, or
  ///     `[channels, outputs of a group, window…]` for a transposed one
  static ConvolutionGeometry of(WeightUse use, List<Long> shape) {
    Node node = use.node();
    if (shape.size() < 3 || use.isTransposed()) {
      throw UnsupportedNetworkException.of(node, "its weights have the shape " + shape);
    }
    int groups = Math.toIntExact(node.integer("group", 1));
    List<Long> kernel = shape.subList(2, shape.size());
    int taps = Math.toIntExact(falcon.model.Tensor.elements(kernel));
    int first = Math.toIntExact(shape.get(0)) / groups;
    int second = Math.toIntExact(shape.get(1));
    boolean isTransposed = node.is("ConvTranspose");
    return new ConvolutionGeometry(
        isTransposed
            ? WeightOrder.ofTransposedConvolution(groups, second, first, taps)
            : WeightOrder.ofConvolution(groups, first, second, taps),
        ConvolutionWindow.of(node, kernel));
  }

  @Override
  public WeightOrder order() {
    return order;
  }

  @Override
  public Grid grid(Tensor input, long samples, int positionsPerSample, int chunk) {
    var positions = new ArrayList<Long>();
    for (int axis = 0; axis < window.axes(); axis++) {
      positions.add(window.positions(axis, input.size(axis + 2L)));
    }
    return Grid.of(positions, positionsPerSample, chunk);
  }

  @Override
  public Tensor rows(Tensor input, Grid grid) {
    Tensor padded = padded(input); // [b, s…, c]
    int axes = window.axes();
    long channels = padded.size(axes + 1L);
    boolean isGrouped = order.groups() > 1;
    var sizes = new long[2 * axes + (isGrouped ? 3 : 2)];
    var strides = new long[sizes.length];
    long first = padded.storage_offset();
    long stride = channels;
    for (int axis = axes - 1; axis >= 0; axis--) {
      long positions = window.positions(axis, input.size(axis + 2L));
      long step = window.stride(axis) * stride;
      sizes[1 + axis] = grid.count(axis, positions);
      strides[1 + axis] = grid.step() * step;
      sizes[1 + axes + axis] = window.kernel(axis);
      strides[1 + axes + axis] = window.dilation(axis) * stride;
      first += grid.offset(axis) * step;
      stride *= padded.size(axis + 1L);
    }
    sizes[0] = padded.size(0);
    strides[0] = stride;
    sizes[sizes.length - 1] = order.channels();
    strides[sizes.length - 1] = 1;
    if (isGrouped) {
      sizes[sizes.length - 2] = order.groups();
      strides[sizes.length - 2] = order.channels();
    }
    Tensor patches = padded.as_strided(sizes, strides, new LongOptional(first));
    return (isGrouped ? patches.movedim(sizes.length - 2L, 0) : patches)
        .reshape(order.groups(), -1, order.rowLength());
  }

  /// @return the padded input, channels last, with zeros between the elements if the convolution is
  ///     transposed
  private Tensor padded(Tensor input) {
    int axes = window.axes();
    long[] strides = IntStream.range(0, axes).mapToLong(window::stuffing).toArray();
    Tensor last = Torch.stuffed(input, strides).movedim(1, input.dim() - 1);
    var pads = new long[2 * axes + 2];
    for (int axis = 0; axis < axes; axis++) {
      long size = input.size(axis + 2L);
      pads[2 * (axes - axis)] = window.begin(axis, size);
      pads[2 * (axes - axis) + 1] = window.end(axis, size);
    }
    return torch.constant_pad_nd(last, pads, new Scalar(0.0)).contiguous();
  }

  @Override
  public Tensor outputs(Tensor output, Grid grid) {
    Tensor positions = output.movedim(1, output.dim() - 1);
    if (!grid.isAll()) {
      for (int axis = 0; axis < window.axes(); axis++) {
        positions =
            positions.slice(
                axis + 1L,
                new LongOptional(grid.offset(axis)),
                new LongOptional(positions.size(axis + 1L)),
                grid.step());
      }
    }
    return positions.reshape(-1, order.groups(), order.outputs()).transpose(0, 1);
  }

  @Override
  public int inputAxis() {
    return -1 - window.axes();
  }

  @Override
  public int outputAxis() {
    return -1 - window.axes();
  }
}
