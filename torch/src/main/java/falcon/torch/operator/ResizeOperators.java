package falcon.torch.operator;

import falcon.model.UnusableNodeException;
import falcon.model.operator.Resampling;
import falcon.torch.Torch;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Resampling, one axis after the other, by sums of few neighbours, so that every option of ONNX is
/// computed exactly.
final class ResizeOperators {
  private ResizeOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Resize", Operator.of(ResizeOperators::resize));
    all.put("Upsample", Operator.of(ResizeOperators::resize));
  }

  private static Tensor resize(Operands in) {
    try {
      return resampled(in);
    } catch (UnusableNodeException e) {
      throw in.unsupported(e.problem());
    }
  }

  private static Tensor resampled(Operands in) {
    Tensor result = in.x();
    Tensor outside = null;
    double outsideValue = 0;
    List<Long> shape = LongStream.of(in.x().shape()).boxed().toList();
    for (Resampling resampling :
        Resampling.of(
            in.node(),
            in.opset(),
            shape,
            input -> in.has(input) ? Torch.doubles(in.get(input)) : null)) {
      result = along(result, resampling.axis(), resampling);
      outside = outside(outside, resampling, resampling.axis(), in.x());
      outsideValue = resampling.outsideValue();
    }
    return outside == null
        ? result.alias()
        : torch.where(outside, new Scalar(outsideValue), result).to(Torch.type(result));
  }

  private static Tensor along(Tensor x, int axis, Resampling resampling) {
    Tensor result = null;
    for (Resampling.Tap tap : resampling.taps()) {
      Tensor neighbours = x.index_select(axis, Torch.list(tap.places()));
      double[] each = tap.weights();
      if (each != null) {
        neighbours = neighbours.mul(weights(each, axis, x));
      }
      result = result == null ? neighbours : result.add(neighbours);
    }
    return result == null ? x : result.to(Torch.type(x));
  }

  private static Tensor weights(double[] each, int axis, Tensor x) {
    torch.ScalarType type = x.is_floating_point() ? Torch.type(x) : torch.ScalarType.Double;
    return alongAxis(Torch.list(each).to(type), axis, x);
  }

  private static Tensor alongAxis(Tensor list, int axis, Tensor x) {
    var shape = new long[(int) x.dim()];
    Arrays.fill(shape, 1);
    shape[axis] = list.size(0);
    return list.reshape(shape);
  }

  private static @Nullable Tensor outside(
      @Nullable Tensor soFar, Resampling resampling, int axis, Tensor x) {
    long[] flags = resampling.outside();
    if (flags == null) {
      return soFar;
    }
    Tensor here = alongAxis(Torch.list(flags).to(torch.ScalarType.Bool), axis, x);
    return soFar == null ? here : soFar.logical_or(here);
  }
}
