package falcon.torch.curvature;

import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.kernel.Workers;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// The least-squares problem of one layer like [LayerProblem], with the inputs themselves in place
/// of their products: for layers of fewer rows than inputs, or of too many inputs to hold a matrix
/// of their products.
///
/// ```
/// X [n, k],  Y [n, o]     rows over samples and positions, minus their means;  H = Xᵀ X,  B = Xᵀ Y
/// ```
///
/// Weights are in matrix order `[o, k]`. The arrays are not copied.
public final class RowProblem {
  /// A number added to divisors, so that a channel that has converged (0 / 0) keeps its weights.
  private static final double TINY = 1e-30;

  /// Greatest number of conjugate gradient steps.
  private static final int MOST_STEPS = 100;

  /// The steps end when every channel's squared residual is below this share of its start, about
  /// the resolution of float32.
  private static final double TOLERANCE = 1e-9;

  /// Bytes of one array of a block of channels; seven arrays are held per thread.
  private static final long BLOCK_BYTES = 16L << 20;

  private final LayerShape shape;
  private final float[] x;
  private final float[] y;
  private final float[] present;
  private final IntUnaryOperator tensorIndexes;

  /// @param x `[n, k]`
  /// @param y `[n, o]`
  RowProblem(
      LayerShape shape, float[] x, float[] y, float[] present, IntUnaryOperator tensorIndexes) {
    this.shape = shape;
    this.x = x;
    this.y = y;
    this.present = present;
    this.tensorIndexes = tensorIndexes;
  }

  /// Returns the name of the weight tensor with n, k and o.
  public LayerShape shape() {
    return shape;
  }

  /// Returns the present weights `[o, k]`; not copied.
  float[] present() {
    return present;
  }

  /// Returns the index in the weight tensor of the weight at `o · k + i` of [#present].
  public int tensorIndex(int index) {
    return tensorIndexes.applyAsInt(index);
  }

  /// Returns the same problem stated by products.
  public LayerProblem products() {
    long n = shape.rows();
    try (var _ = new PointerScope()) {
      Tensor inputs = Torch.scoped(x, List.of(n, (long) shape.inputs()), Precision.FLOAT64);
      Tensor outputs = Torch.scoped(y, List.of(n, (long) shape.outputs()), Precision.FLOAT64);
      return new LayerProblem(
          shape,
          Torch.doubles(inputs.t().mm(inputs)),
          Torch.doubles(inputs.t().mm(outputs)),
          present,
          tensorIndexes);
    }
  }

  /// Returns the weights that minimise the squared error plus `κ ‖w − w⁰‖²` on a support, by
  /// conjugate gradients on the rows, some channels at a time:
  ///
  /// ```
  /// minimise ½ ‖X wᵀ − y‖² + ½ κ ‖w − w⁰‖²     w zero off the support,
  ///                                            each in the units of its input
  /// H p = Xᵀ (X p): two products with the rows instead of one with H
  /// ```
  ///
  /// Computation is in float32. Blocks of channels have a fixed size, each on one thread: the
  /// result has the same bits for any number of threads. Source: Hestenes and Stiefel 1952 (the
  /// variant CGLS).
  ///
  /// @param isKept whether the weight of index `channel · k + input` is kept; called by several
  ///     threads
  /// @param relativeRidge κ in units of the inputs in which the mean diagonal of Xᵀ X is 1, above
  ///     0
  /// @return `[o, k]`, zero where not kept; a new array
  public float[] solve(IntPredicate isKept, double relativeRidge, Workers workers) {
    int k = shape.inputs();
    var solved = new float[present.length];
    double scale = scale();
    if (!Double.isFinite(scale)) {
      throw InputProducts.notFinite(shape.tensorName());
    }
    if (scale == 0) { // No input varies: the rows determine nothing.
      for (int i = 0; i < solved.length; i++) {
        solved[i] = isKept.test(i) ? present[i] : 0;
      }
      return solved;
    }
    try (var _ = new PointerScope()) {
      Tensor rows = Torch.scoped(x, List.of((long) shape.rows(), (long) k), Precision.FLOAT32);
      Tensor wanted =
          Torch.scoped(y, List.of((long) shape.rows(), (long) shape.outputs()), Precision.FLOAT32);
      rows.mul_(new Scalar(scale));
      wanted.mul_(new Scalar(scale));
      InputUnits inputUnits =
          InputUnits.of(
              Torch.doubles(
                  rows.to(torch.ScalarType.Double)
                      .square()
                      .sum(new long[] {0}, false, new ScalarTypeOptional())),
              present);
      rows.div_(Torch.scoped(inputUnits.values(), List.of((long) k), Precision.FLOAT32));
      int block = (int) Math.max(1, Math.min(shape.outputs(), BLOCK_BYTES / Float.BYTES / k));
      workers.map(
          Math.ceilDiv(shape.outputs(), block),
          b -> {
            int from = b * block;
            int to = Math.min(shape.outputs(), from + block);
            var kept = new float[(to - from) * k];
            for (int i = 0; i < kept.length; i++) {
              kept[i] = isKept.test(from * k + i) ? 1 : 0;
            }
            float[] weights = Arrays.copyOfRange(present, from * k, to * k);
            inputUnits.apply(weights);
            try (var _ = new PointerScope()) {
              Tensor targets = wanted.narrow(1, from, to - from).t();
              var units = RowUnits.of(weights, k);
              units.apply(weights);
              float[] found =
                  new Block(rows, relativeRidge).solve(weights, kept, units.applied(targets));
              units.undo(found);
              inputUnits.undo(found);
              System.arraycopy(found, 0, solved, from * k, found.length);
            }
            return b;
          });
    }
    return solved;
  }

  /// Returns the factor of the rows for which the mean diagonal of Xᵀ X is 1; 0 if the rows are
  /// zero.
  private double scale() {
    double squares = 0;
    for (float value : x) {
      squares += (double) value * value;
    }
    if (Double.isNaN(squares)) {
      return Double.NaN;
    }
    return squares > 0 ? Math.sqrt(shape.inputs() / squares) : 0;
  }

  /// A block of channels.
  ///
  /// @param rows X `[n, k]`, in the units of the inputs, which take the place of a preconditioner
  private record Block(Tensor rows, double ridge) {
    /// @param present `[c, k]`
    /// @param kept `[c, k]`, 1 or 0
    /// @param wanted `[c, n]`
    float[] solve(float[] present, float[] kept, Tensor wanted) {
      List<Long> sizes = List.of(wanted.size(0), rows.size(1));
      Tensor mask = Torch.scoped(kept, sizes, Precision.FLOAT32);
      Tensor weights = Torch.scoped(present, sizes, Precision.FLOAT32).mul_(mask);
      Tensor residual = wanted.sub(weights.mm(rows.t())).mm(rows).mul_(mask);
      Tensor direction = torch.zeros_like(weights);
      Tensor length = torch.ones(wanted.size(0), 1);
      Tensor enough = null;
      for (int step = 0; step < MOST_STEPS; step++) {
        try (var _ = new PointerScope()) {
          Tensor next = perChannel(residual, residual);
          enough =
              enough == null
                  ? Torch.keep(next.mul(new Scalar(TOLERANCE)).add_(new Scalar(TINY)))
                  : enough;
          if (next.le(enough).all().item_bool()) {
            break;
          }
          direction.mul_(next.div(length.add(new Scalar(TINY)))).add_(residual);
          length.copy_(next);
          Tensor image =
              direction.mm(rows.t()).mm(rows).add_(direction, new Scalar(ridge)).mul_(mask);
          Tensor alpha = next.div(perChannel(direction, image).add_(new Scalar(TINY)));
          weights.add_(direction.mul(alpha));
          residual.sub_(image.mul_(alpha));
        }
      }
      if (enough != null) {
        enough.releaseReference();
      }
      return Torch.floats(weights);
    }

    /// @return `[c, 1]`, sums over inputs of a ∘ b
    private static Tensor perChannel(Tensor a, Tensor b) {
      return a.mul(b).sum(new long[] {-1}, true, new ScalarTypeOptional());
    }
  }
}
