package falcon.torch.curvature;

import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.layer.WeightOrder;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Approximates the least squares of one layer (or all its groups) on given supports by a few steps
/// of preconditioned conjugate gradients, which all output channels take together: one product with
/// H per step, whatever the supports.
///
/// ```
/// minimise  ½ tr W H Wᵀ − tr W B + ½ κ ‖W − W⁰‖²     W zero off its support,
///                                                    each in the unit of its input
/// R = M ∘ (B ᵀ − W H − κ (W − W⁰)),  Z = R / (diag H + κ),  M: 1 on the support, 0 off it
/// P = Z + β ∘ P,  Q = M ∘ (P H + κ P),  W += α ∘ P,  R −= α ∘ Q         α, β: one per channel
/// ```
///
/// From the masked W⁰ on, the error falls with every step. Computation is in float32, and the same
/// calls yield the same bits. Source: Hestenes and Stiefel 1952 with Jacobi's preconditioner; the
/// problem is that of OBC (arXiv:2208.11580, section 3).
public final class ChannelDescent implements AutoCloseable {
  /// A number added to divisors, so that a channel that has converged (0 / 0) keeps its weights.
  private static final double TINY = 1e-30;

  /// Greatest number of weights of a block where a layer of one group has more: a block has whole
  /// outputs, at least one.
  private static final int BLOCK_WEIGHTS = 4 << 20;

  private final String tensorName;
  private final WeightOrder order;
  private final LayerCurvature curvature;
  private final RowUnits units;
  private final float[] inputUnits;
  private final double ridge;

  /// @param curvature the curvature of the weights in the units; handed over: closed with this
  ///     object
  /// @param units units of all groups' rows
  /// @param relativeRidge κ in these units, above 0
  ChannelDescent(
      String tensorName,
      WeightOrder order,
      LayerCurvature curvature,
      RowUnits units,
      double relativeRidge) {
    this.tensorName = tensorName;
    this.order = order;
    this.curvature = curvature;
    this.units = units;
    this.inputUnits = curvature.inputUnits();
    this.ridge = relativeRidge;
  }

  /// Returns the name of the weight tensor.
  public String tensorName() {
    return tensorName;
  }

  /// A block: some outputs of a layer, or all outputs of all its groups: weights
  /// `from … from + count − 1` in the order of the groups, matrix order each.
  ///
  /// @param number number of the block, from 0
  public record Block(ChannelDescent descent, int number, int from, int count) {}

  /// Returns the blocks of the layer. Outputs do not depend on one another.
  public List<Block> blocks() {
    int all = order.groups() * order.groupSize();
    int k = order.rowLength();
    int size = order.groups() > 1 ? all : Math.clamp(BLOCK_WEIGHTS / k, 1, order.outputs()) * k;
    return IntStream.range(0, Math.ceilDiv(all, size))
        .mapToObj(b -> new Block(this, b, b * size, Math.min(size, all - b * size)))
        .toList();
  }

  /// Returns the shape of a matrix, or of one matrix per group where there are several.
  private List<Long> shape(Block block) {
    long k = order.rowLength();
    return order.groups() == 1
        ? List.of(block.count() / k, k)
        : List.of((long) order.groups(), (long) order.outputs(), k);
  }

  private int firstOutput(Block block) {
    return block.from() / order.rowLength();
  }

  /// Moves the weights of a block towards the minimiser on a support.
  ///
  /// @param block a block of this layer
  /// @param weights those from number `offset` on are the layer's, in the tensor's order; the
  ///     block's are W⁰ and are overwritten: new on the support and zero off it; they stay where
  ///     float32 does not hold the steps
  /// @param isKept whether the weight with a number is on the support
  /// @param steps conjugate gradient steps, 0 or more
  public void descend(Block block, float[] weights, int offset, IntPredicate isKept, int steps) {
    try (var _ = new PointerScope()) {
      Tensor mask = torch.empty(Torch.longs(shape(block)));
      Tensor present = torch.empty(Torch.longs(shape(block)));
      var places = new Places(block, offset);
      places.read(mask, (i, _, _) -> isKept.test(i) ? 1 : 0);
      places.read(present, (i, row, at) -> weights[i] * units.of(row) * inputUnit(row, at));
      Tensor next = minimise(block, present.mul_(mask), mask, steps);
      if (Double.isFinite(next.sum().item_double())) {
        places.write(next, weights);
      }
    }
  }

  /// Returns the unit of an input of a row among those of all groups.
  private float inputUnit(int row, int input) {
    return inputUnits[row / order.outputs() * order.rowLength() + input];
  }

  /// Returns the units of the inputs of all groups: root mean squares, in which an input that is
  /// next to nothing counts a little more ([InputUnits]).
  ///
  /// @return `[g · k]`, above 0; not copied
  public float[] inputUnits() {
    return inputUnits;
  }

  /// Returns the order of the layer's weights.
  public WeightOrder order() {
    return order;
  }

  /// The places of a block's weights. Rows are copied one by one, so that the Java heap holds no
  /// more than one.
  private final class Places {
    private final Block block;
    private final int offset;
    private final float[] row = new float[order.rowLength()];

    Places(Block block, int offset) {
      this.block = block;
      this.offset = offset;
    }

    private int rows() {
      return block.count() / row.length;
    }

    private int[] indexes(int number) {
      return order.indexes(rowNumber(number), 1);
    }

    /// Returns the number of a row among those of all groups.
    private int rowNumber(int number) {
      return block.from() / row.length + number;
    }

    /// @param values values by the numbers of a weight and its row
    void read(Tensor tensor, IntToFloat values) {
      try (var _ = new PointerScope()) {
        var to = new FloatPointer(tensor.data_ptr());
        for (int number = 0; number < rows(); number++) {
          int[] indexes = indexes(number);
          for (int i = 0; i < row.length; i++) {
            row[i] = values.of(offset + indexes[i], rowNumber(number), i);
          }
          to.position((long) number * row.length).put(row, 0, row.length);
        }
      }
    }

    void write(Tensor tensor, float[] weights) {
      try (var _ = new PointerScope()) {
        var from = new FloatPointer(tensor.contiguous().data_ptr());
        for (int number = 0; number < rows(); number++) {
          from.position((long) number * row.length).get(row, 0, row.length);
          int[] indexes = indexes(number);
          for (int i = 0; i < row.length; i++) {
            weights[offset + indexes[i]] =
                units.undone(row[i] / inputUnit(rowNumber(number), i), rowNumber(number));
          }
        }
      }
    }
  }

  /// A number for each weight and its row.
  private interface IntToFloat {
    float of(int weight, int row, int input);
  }

  /// @param weights W⁰, zero off the support; changed
  /// @param mask 1 on the support and 0 off it
  /// @return the weights after the steps
  private Tensor minimise(Block block, Tensor weights, Tensor mask, int steps) {
    List<Long> shape = shape(block);
    Tensor residual = curvature.slope(weights, firstOutput(block)).mul_(mask);
    Tensor direction = torch.zeros_like(weights);
    Tensor length = ones(shape);
    for (int step = 0; step < steps; step++) {
      try (var _ = new PointerScope()) {
        Tensor scaled = residual.mul(curvature.inverseDiagonal());
        Tensor next = perChannel(residual, scaled);
        direction.mul_(next.div(length.add(tiny()))).add_(scaled);
        length.copy_(next);
        Tensor image = curvature.times(direction).add_(direction, new Scalar(ridge)).mul_(mask);
        Tensor alpha = next.div(perChannel(direction, image).add_(tiny()));
        weights.add_(direction.mul(alpha));
        residual.sub_(image.mul_(alpha));
      }
    }
    return weights;
  }

  /// Returns half the gradient of the squared error, relative to the preconditioner: the step
  /// `(B ᵀ − W H) / (diag H + κ)` that each weight would take on its own.
  ///
  /// @param block a block of this layer
  /// @param weights the block's W; read only
  /// @return the block's steps
  float[] singleSteps(Block block, float[] weights) {
    try (var _ = new PointerScope()) {
      int first = block.from() / order.rowLength();
      RowUnits own = units.part(first, first + block.count() / order.rowLength());
      float[] scaled = weights.clone();
      own.apply(scaled);
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] *= inputUnit(first + i / order.rowLength(), i % order.rowLength());
      }
      Tensor present = Torch.scoped(scaled, shape(block), Precision.FLOAT32);
      Tensor steps = curvature.slope(present, first).mul_(curvature.inverseDiagonal());
      float[] found = Torch.floats(steps);
      for (int i = 0; i < found.length; i++) {
        found[i] /= inputUnit(first + i / order.rowLength(), i % order.rowLength());
      }
      own.undo(found);
      return found;
    }
  }

  /// Returns the factors of the first step, which do not matter since the direction is zero.
  private static Tensor ones(List<Long> shape) {
    var sizes = Torch.longs(shape);
    sizes[sizes.length - 1] = 1;
    return torch.ones(sizes);
  }

  private static Scalar tiny() {
    return new Scalar(TINY);
  }

  /// @return `[g, o, 1]`, sums over inputs of a ∘ b
  private static Tensor perChannel(Tensor a, Tensor b) {
    return a.mul(b).sum(new long[] {-1}, true, new ScalarTypeOptional());
  }

  /// Returns the bytes that the layer's curvature holds outside of the Java heap.
  public long bytes() {
    return curvature.bytes();
  }

  @Override
  public void close() {
    curvature.close();
  }
}
