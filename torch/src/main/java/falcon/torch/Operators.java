package falcon.torch;

import falcon.model.Node;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Meaning of ONNX's operators in libtorch, one node at a time.
///
/// Source: ONNX operator specification, opsets 7 to 17 of the operators in [#run].
final class Operators {
  /// Where a node's operands come from.
  interface Operands {
    /// @return the operand of that number, null if the node leaves it out
    @Nullable Tensor tensor(int index);

    /// @return integers of a constant operand, such as the target of a Reshape
    long[] constantLongs(int index);

    /// @return version of ONNX's operator set that the network is written in
    long opset();

    /// @return whether the node may write its result over that operand
    boolean isOverwritable(int index);
  }

  /// First version in which Softmax is along one axis.
  private static final long PER_AXIS_SOFTMAX = 13;

  private Operators() {}

  /// @param batchStatistics whether BatchNormalization uses its batch's mean and variance (training)
  /// @return the node's first output
  /// @throws UnsupportedNetworkException if the operator or one of its options is not known here
  static Tensor run(Node node, Operands operands, boolean batchStatistics) {
    if (!node.domain().isEmpty()) {
      throw unsupported(node, "its operator set is not ONNX's own");
    }
    return switch (node.opType()) {
      case "Conv" -> conv(node, operands);
      case "BatchNormalization" -> batchNormalization(node, operands, batchStatistics);
      case "Relu" ->
          operands.isOverwritable(0) ? x(node, operands).relu_() : x(node, operands).relu();
      case "Sigmoid" -> x(node, operands).sigmoid();
      case "Tanh" -> x(node, operands).tanh();
      case "Add" ->
          operands.isOverwritable(0) && sameShape(x(node, operands), y(node, operands))
              ? x(node, operands).add_(y(node, operands))
              : x(node, operands).add(y(node, operands));
      case "Sub" -> x(node, operands).sub(y(node, operands));
      case "Mul" -> x(node, operands).mul(y(node, operands));
      case "Div" -> x(node, operands).div(y(node, operands));
      case "MatMul" -> x(node, operands).matmul(y(node, operands));
      case "Gemm" -> gemm(node, operands);
      case "GlobalAveragePool" -> globalAveragePool(x(node, operands));
      case "AveragePool" -> averagePool(node, x(node, operands));
      case "MaxPool" -> maxPool(node, x(node, operands));
      case "Flatten" -> flatten(node, x(node, operands));
      case "Reshape" -> reshape(node, operands);
      case "Transpose" -> transpose(node, x(node, operands));
      case "Concat" -> concat(node, operands);
      case "Pad" -> pad(node, operands);
      case "Softmax" -> softmax(node, operands);
      case "Identity", "Dropout" -> x(node, operands).alias();
      default -> throw unsupported(node, "the operator is not known here");
    };
  }

  static UnsupportedNetworkException unsupported(Node node, String why) {
    return new UnsupportedNetworkException(
        "%s cannot be executed: %s.".formatted(node.label(), why));
  }

  private static Tensor x(Node node, Operands operands) {
    return required(node, operands, 0);
  }

  private static Tensor y(Node node, Operands operands) {
    return required(node, operands, 1);
  }

  private static Tensor required(Node node, Operands operands, int index) {
    Tensor tensor = operands.tensor(index);
    if (tensor == null) {
      throw unsupported(node, "input %d is missing".formatted(index));
    }
    return tensor;
  }

  private static boolean sameShape(Tensor a, Tensor b) {
    return Arrays.equals(a.shape(), b.shape());
  }

  private static Tensor conv(Node node, Operands operands) {
    Tensor input = x(node, operands);
    Tensor weight = y(node, operands);
    Tensor bias = operands.tensor(2);
    int spatial = (int) weight.dim() - 2;
    Window window = Window.ofConvolution(node, weight.shape(), spatial);
    return torch.convolution(
        window.padded(input, 0),
        weight,
        bias == null ? new TensorOptional() : new TensorOptional(bias),
        window.strides(),
        window.symmetricPads(),
        window.dilations(),
        false,
        new long[spatial],
        node.integer("group", 1));
  }

  private static Tensor batchNormalization(Node node, Operands operands, boolean batchStatistics) {
    if (node.integer("training_mode", 0) != 0) {
      throw unsupported(node, "it was exported in training mode");
    }
    return torch.batch_norm(
        x(node, operands),
        new TensorOptional(required(node, operands, 1)),
        new TensorOptional(required(node, operands, 2)),
        batchStatistics ? new TensorOptional() : new TensorOptional(required(node, operands, 3)),
        batchStatistics ? new TensorOptional() : new TensorOptional(required(node, operands, 4)),
        batchStatistics,
        0.0,
        node.real("epsilon", 1e-5f),
        false);
  }

  private static Tensor gemm(Node node, Operands operands) {
    Tensor a = node.integer("transA", 0) == 0 ? x(node, operands) : x(node, operands).t();
    Tensor b = node.integer("transB", 0) == 0 ? y(node, operands) : y(node, operands).t();
    Tensor c = operands.tensor(2);
    var alpha = new Scalar((double) node.real("alpha", 1));
    return c == null
        ? a.mm(b).mul_(alpha)
        : torch.addmm(c, a, b, new Scalar((double) node.real("beta", 1)), alpha);
  }

  private static Tensor globalAveragePool(Tensor input) {
    var axes = new long[(int) input.dim() - 2];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i + 2L;
    }
    return input.mean(axes, true, new ScalarTypeOptional());
  }

  private static Tensor averagePool(Node node, Tensor input) {
    Window window = Window.ofPooling(node, input);
    boolean countsPadding = node.integer("count_include_pad", 0) != 0;
    if (!window.isSymmetric()) {
      throw unsupported(node, "its padding differs between the sides");
    }
    if (!window.isDense()) {
      throw unsupported(node, "its window has gaps");
    }
    return torch.avg_pool2d(
        input,
        window.kernel(),
        window.strides(),
        window.symmetricPads(),
        node.integer("ceil_mode", 0) != 0,
        countsPadding,
        new LongOptional());
  }

  private static Tensor maxPool(Node node, Tensor input) {
    Window window = Window.ofPooling(node, input);
    return torch.max_pool2d(
        window.padded(input, Double.NEGATIVE_INFINITY),
        window.kernel(),
        window.strides(),
        window.symmetricPads(),
        window.dilations(),
        node.integer("ceil_mode", 0) != 0);
  }

  private static Tensor flatten(Node node, Tensor input) {
    long axis = node.integer("axis", 1);
    axis = axis < 0 ? axis + input.dim() : axis;
    long rows = 1;
    for (int i = 0; i < axis; i++) {
      rows *= input.size(i);
    }
    return input.reshape(rows, input.numel() / rows);
  }

  private static Tensor reshape(Node node, Operands operands) {
    Tensor input = x(node, operands);
    long[] target = operands.constantLongs(1).clone();
    if (node.integer("allowzero", 0) == 0) {
      for (int i = 0; i < target.length; i++) {
        target[i] = target[i] == 0 ? input.size(i) : target[i];
      }
    }
    return input.reshape(target);
  }

  private static Tensor transpose(Node node, Tensor input) {
    List<Long> order = node.integers("perm", List.of());
    if (order.isEmpty()) {
      return input.permute(reversed((int) input.dim()));
    }
    return input.permute(Torch.longs(order));
  }

  private static long[] reversed(int dimensions) {
    var order = new long[dimensions];
    for (int i = 0; i < dimensions; i++) {
      order[i] = dimensions - 1L - i;
    }
    return order;
  }

  private static Tensor concat(Node node, Operands operands) {
    var parts = new TensorVector(node.inputs().size());
    for (int i = 0; i < node.inputs().size(); i++) {
      parts.put(i, required(node, operands, i));
    }
    return torch.cat(parts, node.integer("axis", 0));
  }

  /// Pads of ONNX go from the first axis to the last, those of libtorch from the last to the first.
  private static Tensor pad(Node node, Operands operands) {
    if (!node.text("mode", "constant").equals("constant")) {
      throw unsupported(node, "mode=" + node.text("mode", ""));
    }
    if (operands.tensor(3) != null) {
      throw unsupported(node, "it names axes");
    }
    Tensor input = x(node, operands);
    int axes = (int) input.dim();
    long[] pads =
        node.input(1) == null
            ? Torch.longs(node.integers("pads", List.of()))
            : operands.constantLongs(1);
    var reversed = new long[2 * axes];
    for (int i = 0; i < axes; i++) {
      reversed[2 * i] = pads[axes - 1 - i];
      reversed[2 * i + 1] = pads[2 * axes - 1 - i];
    }
    Tensor value = operands.tensor(2);
    double constant = value == null ? node.real("value", 0) : value.item_double();
    return torch.constant_pad_nd(input, reversed, new Scalar(constant));
  }

  /// Up to opset 12 the axes from the given one on are taken together.
  private static Tensor softmax(Node node, Operands operands) {
    Tensor input = x(node, operands);
    if (operands.opset() >= PER_AXIS_SOFTMAX) {
      return input.softmax(node.integer("axis", -1), new ScalarTypeOptional());
    }
    return flatten(node, input).softmax(1, new ScalarTypeOptional()).reshape(input.shape());
  }
}
