package falcon.torch;

import falcon.model.Network;
import falcon.model.Node;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// A convolution or linear layer seen as a matrix product.
///
/// ```
/// outputs [b, positions, o] = rows [b, positions, k] · weightsᵀ [k, o] + bias
/// ```
///
/// Rows are the patches of a convolution (`k` = kernel height × width × input channels, in that order:
/// contiguous in channels-last memory) or the inputs of a linear layer. The weights in this order,
/// `[o, k]`, are the *matrix order*; [#order] leads back to the tensor's own. A grouped convolution has
/// one such product a group.
final class LayerMatrix {
  /// Powers of 1/1.3247… (root of x³ = x + 1): Roberts' additive sequence of low discrepancy in two
  /// dimensions.
  private static final double SPREAD_Y = 0.7548776662466927;

  private static final double SPREAD_X = 0.5698402909980532;

  /// Which output positions are looked at: every `step`-th in both directions, from an offset on.
  record Grid(int step, int offsetY, int offsetX) {
    static final Grid ALL = new Grid(1, 0, 0);
  }

  private final Node node;
  private final int nodeIndex;
  private final String tensorName;
  private final Geometry geometry;

  private LayerMatrix(Node node, int nodeIndex, String tensorName, Geometry geometry) {
    this.node = node;
    this.nodeIndex = nodeIndex;
    this.tensorName = tensorName;
    this.geometry = geometry;
  }

  /// The one node that multiplies by a weight tensor.
  ///
  /// @throws UnsupportedNetworkException if there is none or more than one, or it is of another kind
  static LayerMatrix of(Network network, String tensorName) {
    List<Node> users = network.consumers(tensorName);
    if (users.size() != 1) {
      throw new UnsupportedNetworkException(
          "weight tensor '%s' is used by %d nodes; one is supported"
              .formatted(tensorName, users.size()));
    }
    Node node = users.getFirst();
    List<Long> shape = network.tensor(tensorName).shape();
    if (!tensorName.equals(node.input(1))) {
      throw Operators.unsupported(node, "its weights are not its second input");
    }
    return new LayerMatrix(
        node, network.nodes().indexOf(node), tensorName, Geometry.of(node, shape));
  }

  int nodeIndex() {
    return nodeIndex;
  }

  String tensorName() {
    return tensorName;
  }

  /// Name of the value that the layer reads.
  String input() {
    return node.inputs().getFirst();
  }

  /// Name of the value that the layer makes.
  String output() {
    return node.outputs().getFirst();
  }

  /// Name of the bias, null if there is none.
  @Nullable String bias() {
    return node.input(2);
  }

  int groups() {
    return geometry.groups();
  }

  /// Outputs of one group.
  int outputs() {
    return geometry.outputs();
  }

  /// Inputs of one output: the length of a row.
  int rowLength() {
    return geometry.rowLength();
  }

  /// Rows of a group.
  ///
  /// @param input the layer's input `[b, …]`
  /// @return `[b · positions, k]`, contiguous
  Tensor rows(Tensor input, int group, Grid grid) {
    return geometry.rows(input, group, grid);
  }

  /// Outputs of a group, in the order of [#rows].
  ///
  /// @param output the layer's output `[b, …]`, or anything of its shape, such as its gradient
  /// @return `[b · positions, o]`
  Tensor outputs(Tensor output, int group, Grid grid) {
    return geometry.outputs(output, group, grid);
  }

  /// Brings `[b, o, k]` of all groups, one after the other along o, into the tensor's order.
  ///
  /// @return `[b, weights]`, contiguous
  Tensor toTensorOrder(Tensor matrices) {
    return geometry.toTensorOrder(matrices);
  }

  /// Index in the weight tensor of each weight of a group in matrix order.
  ///
  /// @return `[o · k]`
  int[] order(int group) {
    int k = geometry.rowLength();
    var order = new int[geometry.outputs() * k];
    for (int c = 0; c < geometry.outputs(); c++) {
      for (int i = 0; i < k; i++) {
        order[c * k + i] = geometry.tensorIndex(group * geometry.outputs() + c, i);
      }
    }
    return order;
  }

  /// @param weights a weight tensor's elements
  /// @param order as [#order] gives it
  /// @return `[o · k]`, the group's weights in matrix order
  static float[] inOrder(float[] weights, int[] order) {
    var matrix = new float[order.length];
    for (int i = 0; i < matrix.length; i++) {
      matrix[i] = weights[order[i]];
    }
    return matrix;
  }

  /// Which positions to look at: about so many a sample, others in every chunk.
  ///
  /// @param input the layer's input
  Grid grid(Tensor input, int positionsPerSample, int chunk) {
    long[] positions = geometry.positions(input);
    int step = 1;
    while (positions[0] * positions[1] > (long) positionsPerSample * step * step
        && step < Math.min(positions[0], positions[1])) {
      step++;
    }
    return new Grid(step, spread(chunk, SPREAD_Y, step), spread(chunk, SPREAD_X, step));
  }

  /// Offsets that fill the plane evenly, whatever the number of chunks.
  private static int spread(int chunk, double ratio, int step) {
    double x = (chunk + 0.5) * ratio;
    return (int) ((x - Math.floor(x)) * step);
  }

  private sealed interface Geometry {
    static Geometry of(Node node, List<Long> shape) {
      return switch (node.opType()) {
        case "Conv" -> Convolution.of(node, shape);
        case "Gemm" -> Linear.ofGemm(node, shape);
        case "MatMul" -> Linear.ofMatMul(node, shape);
        default -> throw Operators.unsupported(node, "it is no convolution or linear layer");
      };
    }

    int groups();

    int outputs();

    int rowLength();

    /// Output positions of a sample, down and across.
    long[] positions(Tensor input);

    Tensor rows(Tensor input, int group, Grid grid);

    Tensor outputs(Tensor output, int group, Grid grid);

    Tensor toTensorOrder(Tensor matrices);

    int tensorIndex(int output, int rowElement);
  }

  /// Weights `[groups · outputs, channels, height, width]`; channels are those of one group.
  private record Convolution(
      int groups, int outputs, int channels, Window window, int height, int width)
      implements Geometry {
    static Convolution of(Node node, List<Long> shape) {
      if (shape.size() != 4) {
        throw Operators.unsupported(node, "a convolution over %d axes".formatted(shape.size() - 2));
      }
      int groups = Math.toIntExact(node.integer("group", 1));
      return new Convolution(
          groups,
          Math.toIntExact(shape.get(0)) / groups,
          Math.toIntExact(shape.get(1)),
          Window.of(node, new long[] {shape.get(2), shape.get(3)}),
          Math.toIntExact(shape.get(2)),
          Math.toIntExact(shape.get(3)));
    }

    @Override
    public int rowLength() {
      return channels * height * width;
    }

    @Override
    public Tensor rows(Tensor input, int group, Grid grid) {
      Tensor pixels = input.permute(0, 2, 3, 1); // [b, h, w, c]
      Tensor padded = // row-major
          torch
              .constant_pad_nd(
                  pixels,
                  new long[] {0, 0, window.begin(1), window.end(1), window.begin(0), window.end(0)},
                  new Scalar(0.0))
              .contiguous();
      long b = padded.size(0);
      long h = padded.size(1);
      long w = padded.size(2);
      long c = padded.size(3);
      long[] positions = positions(input);
      long first =
          (grid.offsetY() * window.stride(0) * w + grid.offsetX() * window.stride(1)) * c
              + (long) group * channels;
      return padded
          .as_strided(
              new long[] {
                b,
                sampled(positions[0], grid.offsetY(), grid.step()),
                sampled(positions[1], grid.offsetX(), grid.step()),
                height,
                width,
                channels
              },
              new long[] {
                h * w * c,
                grid.step() * window.stride(0) * w * c,
                grid.step() * window.stride(1) * c,
                window.dilation(0) * w * c,
                window.dilation(1) * c,
                1
              },
              new LongOptional(padded.storage_offset() + first))
          .reshape(-1, rowLength());
    }

    @Override
    public long[] positions(Tensor input) {
      return new long[] {positions(0, input.size(2), height), positions(1, input.size(3), width)};
    }

    private long positions(int axis, long size, int kernel) {
      long padded = size + window.begin(axis) + window.end(axis);
      return (padded - window.dilation(axis) * (kernel - 1) - 1) / window.stride(axis) + 1;
    }

    private static long sampled(long positions, int offset, int step) {
      return Math.max(0, (positions - offset + step - 1) / step);
    }

    @Override
    public Tensor outputs(Tensor output, int group, Grid grid) {
      Tensor positions = output.permute(0, 2, 3, 1).narrow(3, (long) group * outputs, outputs);
      if (!grid.equals(Grid.ALL)) {
        positions =
            every(every(positions, 1, grid.offsetY(), grid.step()), 2, grid.offsetX(), grid.step());
      }
      return positions.reshape(-1, outputs);
    }

    private static Tensor every(Tensor tensor, int axis, int offset, int step) {
      return tensor.slice(
          axis, new LongOptional(offset), new LongOptional(tensor.size(axis)), step);
    }

    @Override
    public Tensor toTensorOrder(Tensor matrices) {
      return matrices
          .reshape(matrices.size(0), (long) groups * outputs, height, width, channels)
          .permute(0, 1, 4, 2, 3)
          .reshape(matrices.size(0), -1);
    }

    @Override
    public int tensorIndex(int output, int rowElement) {
      int channel = rowElement % channels;
      int pixel = rowElement / channels;
      return (output * channels + channel) * height * width + pixel;
    }
  }

  /// Weights `[outputs, rowLength]`, or transposed.
  private record Linear(int outputs, int rowLength, boolean isTransposed) implements Geometry {
    static Linear ofGemm(Node node, List<Long> shape) {
      if (node.integer("transA", 0) != 0 || node.real("alpha", 1) != 1) {
        throw Operators.unsupported(node, "transA or alpha is set");
      }
      if (node.input(2) != null && node.real("beta", 1) != 1) {
        throw Operators.unsupported(node, "beta is set");
      }
      return of(shape, node.integer("transB", 0) == 0);
    }

    static Linear ofMatMul(Node node, List<Long> shape) {
      if (shape.size() != 2) {
        throw Operators.unsupported(node, "its weights have %d axes".formatted(shape.size()));
      }
      return of(shape, true);
    }

    private static Linear of(List<Long> shape, boolean isTransposed) {
      int first = Math.toIntExact(shape.get(0));
      int second = Math.toIntExact(shape.get(1));
      return isTransposed ? new Linear(second, first, true) : new Linear(first, second, false);
    }

    @Override
    public int groups() {
      return 1;
    }

    @Override
    public long[] positions(Tensor input) {
      return new long[] {1, 1};
    }

    @Override
    public Tensor rows(Tensor input, int group, Grid grid) {
      return input.reshape(-1, rowLength).contiguous();
    }

    @Override
    public Tensor outputs(Tensor output, int group, Grid grid) {
      return output.reshape(-1, outputs);
    }

    @Override
    public Tensor toTensorOrder(Tensor matrices) {
      return (isTransposed ? matrices.transpose(1, 2) : matrices).reshape(matrices.size(0), -1);
    }

    @Override
    public int tensorIndex(int output, int rowElement) {
      return isTransposed ? rowElement * outputs + output : output * rowLength + rowElement;
    }
  }
}
