package falcon.torch.layer;

import falcon.model.Node;
import falcon.model.layer.WeightUse;
import falcon.torch.UnsupportedNetworkException;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// A product with a matrix, on either side, over any number of positions; or with a stack of
/// matrices, one per group.
///
/// @param order order of the weights
/// @param transposesInput whether the input has its features on the axis before the last
/// @param transposesOutput whether the output has its features on the axis before the last
/// @param scale factor of the product
record LinearGeometry(
    WeightOrder order, boolean transposesInput, boolean transposesOutput, double scale)
    implements LayerGeometry {

  /// @param shape shape of the weight tensor
  static LinearGeometry ofGemm(WeightUse use, List<Long> shape) {
    Node node = use.node();
    boolean turnsA = node.integer("transA", 0) != 0;
    boolean turnsB = node.integer("transB", 0) != 0;
    boolean isRight = use.operand() == 1;
    boolean hasInputsFirst = isRight == ((isRight ? turnsB : turnsA) == use.isTransposed());
    return new LinearGeometry(
        matrices(node, shape, hasInputsFirst),
        isRight ? turnsA : !turnsB,
        !isRight,
        node.real("alpha", 1));
  }

  /// @param shape shape of the weight tensor
  static LinearGeometry ofMatMul(WeightUse use, List<Long> shape) {
    boolean isRight = use.operand() == 1;
    boolean hasInputsFirst = isRight != use.isTransposed();
    return new LinearGeometry(matrices(use.node(), shape, hasInputsFirst), !isRight, !isRight, 1);
  }

  /// Returns the geometry of the weights that all directions of a recurrent node multiply its input
  /// with: `[directions, outputs, k]`.
  static LinearGeometry ofRecurrentInput(List<Long> shape) {
    return new LinearGeometry(
        WeightOrder.ofMatrices(
            1, Math.toIntExact(shape.get(0) * shape.get(1)), Math.toIntExact(shape.get(2)), false),
        false,
        false,
        1);
  }

  private static WeightOrder matrices(Node node, List<Long> shape, boolean hasInputsFirst) {
    int axes = shape.size();
    if (axes < 2) {
      throw UnsupportedNetworkException.of(node, "its weights have %d axes".formatted(axes));
    }
    long groups = 1;
    for (long size : shape.subList(0, axes - 2)) {
      if (groups > 1 && size == 1) {
        throw UnsupportedNetworkException.of(
            node, "some axes of its weights %s are shared".formatted(shape));
      }
      groups *= size;
    }
    int first = Math.toIntExact(shape.get(axes - 2));
    int second = Math.toIntExact(shape.get(axes - 1));
    return WeightOrder.ofMatrices(
        Math.toIntExact(groups),
        hasInputsFirst ? second : first,
        hasInputsFirst ? first : second,
        hasInputsFirst);
  }

  @Override
  public Grid grid(Tensor input, long samples, int positionsPerSample, int chunk) {
    long rows = input.numel() / (order.channels() * (long) order.groups());
    return Grid.of(List.of(Math.max(1, rows)), samples * positionsPerSample, chunk);
  }

  @Override
  public Tensor rows(Tensor input, Grid grid) {
    Tensor rows = grouped(input, transposesInput, order.channels(), grid);
    return scale == 1 ? rows : rows.mul(new Scalar(scale));
  }

  @Override
  public Tensor outputs(Tensor output, Grid grid) {
    return grouped(output, transposesOutput, order.outputs(), grid);
  }

  /// @return `[g, n, features]`
  private Tensor grouped(Tensor value, boolean transposes, long features, Grid grid) {
    Tensor last = transposes && value.dim() > 1 ? value.transpose(-2, -1) : value;
    if (order.groups() == 1) {
      return every(last.reshape(-1, features), grid).unsqueeze(0);
    }
    long positions = last.size(last.dim() - 2);
    if (last.dim() == 2) {
      last = last.expand(order.groups(), positions, features); // one input for all groups
    } else if (last.size(last.dim() - 3) == 1) {
      long[] sizes = last.shape();
      sizes[sizes.length - 3] = order.groups();
      last = last.expand(sizes);
    }
    Tensor split = last.reshape(-1, order.groups(), positions, features).transpose(0, 1);
    return every(split.reshape(order.groups(), -1, features).transpose(0, 1), grid).transpose(0, 1);
  }

  private static Tensor every(Tensor rows, Grid grid) {
    return grid.isAll()
        ? rows
        : rows.slice(
            0, new LongOptional(grid.offset(0)), new LongOptional(rows.size(0)), grid.step());
  }

  @Override
  public int inputAxis() {
    return transposesInput ? -2 : -1;
  }

  @Override
  public int outputAxis() {
    return transposesOutput ? -2 : -1;
  }
}
