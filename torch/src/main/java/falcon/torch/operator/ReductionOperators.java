package falcon.torch.operator;

import falcon.torch.Torch;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// Sums, means, extrema and positions of extrema along axes.
///
/// A result has its operand's type, as ONNX requires; libtorch would widen sums of integers.
final class ReductionOperators {
  private ReductionOperators() {}

  private interface Reduction {
    /// @param axes at least one
    Tensor run(Tensor x, long[] axes, boolean keep);
  }

  static void addTo(Map<String, Operator> all) {
    reduction(all, "ReduceSum", ReductionOperators::sum);
    reduction(all, "ReduceMean", ReductionOperators::mean);
    reduction(all, "ReduceMax", (x, axes, keep) -> x.amax(axes, keep));
    reduction(all, "ReduceMin", (x, axes, keep) -> x.amin(axes, keep));
    reduction(all, "ReduceProd", ReductionOperators::product);
    reduction(all, "ReduceL1", (x, axes, keep) -> sum(x.abs(), axes, keep));
    reduction(all, "ReduceL2", (x, axes, keep) -> sum(x.square(), axes, keep).sqrt());
    reduction(all, "ReduceSumSquare", (x, axes, keep) -> sum(x.square(), axes, keep));
    reduction(all, "ReduceLogSum", (x, axes, keep) -> sum(x, axes, keep).log());
    reduction(all, "ReduceLogSumExp", (x, axes, keep) -> x.logsumexp(axes, keep));
    all.put("ArgMax", Operator.of(in -> place(in, true)));
    all.put("ArgMin", Operator.of(in -> place(in, false)));
    all.put("CumSum", Operator.of(ReductionOperators::cumulativeSum));
    all.put("TopK", Operator.ofSeveral(ReductionOperators::largest));
  }

  private static void reduction(Map<String, Operator> all, String name, Reduction reduction) {
    all.put(name, Operator.of(in -> reduced(in, reduction)));
  }

  private static Tensor reduced(Operands in, Reduction reduction) {
    Tensor x = in.x();
    long[] axes = in.longsOrAttribute(1, "axes");
    boolean keep = in.node().integer("keepdims", 1) != 0;
    if (axes == null || axes.length == 0) {
      if (in.node().integer("noop_with_empty_axes", 0) != 0) {
        // no axis is reduced, but element-wise parts (squares, logarithms) are still computed
        return reduction.run(x.unsqueeze(-1), new long[] {-1}, false).to(Torch.type(x));
      }
      axes = new long[(int) x.dim()];
      Arrays.setAll(axes, i -> i);
    }
    return reduction.run(x, axes, keep).to(Torch.type(x));
  }

  private static Tensor sum(Tensor x, long[] axes, boolean keep) {
    return x.sum(axes, keep, new ScalarTypeOptional(Torch.type(x)));
  }

  /// Computes means; those of integers are truncated towards zero.
  private static Tensor mean(Tensor x, long[] axes, boolean keep) {
    ScalarTypeOptional type =
        x.is_floating_point()
            ? new ScalarTypeOptional()
            : new ScalarTypeOptional(torch.ScalarType.Double);
    return x.mean(axes, keep, type);
  }

  private static Tensor product(Tensor x, long[] axes, boolean keep) {
    long[] fromBack =
        Arrays.stream(axes).map(axis -> axis < 0 ? axis + x.dim() : axis).sorted().toArray();
    Tensor product = x;
    for (int i = fromBack.length - 1; i >= 0; i--) {
      product = product.prod(fromBack[i], keep, new ScalarTypeOptional(Torch.type(x)));
    }
    return product;
  }

  private static Tensor place(Operands in, boolean isLargest) {
    Tensor x = in.x();
    int axis = in.axis(0);
    boolean isLast = in.node().integer("select_last_index", 0) != 0;
    Tensor place = firstLargest(isLast ? x.flip(axis) : x, axis, isLargest);
    if (isLast) {
      place = place.neg().add(new Scalar(x.size(axis) - 1));
    }
    return in.node().integer("keepdims", 1) != 0 ? place : place.squeeze(axis);
  }

  /// Returns the position of the extremum along an axis, the first of equal ones; the axis is kept.
  static Tensor firstLargest(Tensor x, long axis, boolean isLargest) {
    LongOptional along = new LongOptional(axis);
    return isLargest ? x.argmax(along, true) : x.argmin(along, true);
  }

  private static Tensor cumulativeSum(Operands in) {
    Tensor x = in.x();
    int axis = in.axis(in.number(1), x.dim());
    boolean isReverse = in.node().integer("reverse", 0) != 0;
    Tensor ordered = isReverse ? x.flip(axis) : x;
    Tensor sum = ordered.cumsum(axis, new ScalarTypeOptional(Torch.type(x)));
    if (in.node().integer("exclusive", 0) != 0) {
      sum = sum.sub(ordered);
    }
    return isReverse ? sum.flip(axis) : sum;
  }

  /// Computes `TopK` by a stable sort: of equal elements the first comes first, as ONNX requires.
  private static List<Tensor> largest(Operands in) {
    Tensor x = in.x();
    int axis = in.axis(-1);
    long count = in.has(1) ? in.number(1) : in.node().integer("k", -1);
    if (count < 0 || count > x.size(axis)) {
      throw in.unsupported("it takes %d of %d elements".formatted(count, x.size(axis)));
    }
    boolean isLargest = in.node().integer("largest", 1) != 0;
    T_TensorTensor_T sorted = x.sort(new BoolOptional(true), axis, isLargest);
    return List.of(sorted.get0().narrow(axis, 0, count), sorted.get1().narrow(axis, 0, count));
  }

  /// Returns 0, 1, … below a number.
  static Tensor places(long count) {
    return torch.arange(new Scalar(count), new TensorOptions(torch.ScalarType.Long));
  }
}
