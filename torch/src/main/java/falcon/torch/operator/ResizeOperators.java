package falcon.torch.operator;

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
  /// First opset with regions, sizes and the choice of coordinates.
  private static final long COORDINATES = 11;

  private ResizeOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Resize", Operator.of(ResizeOperators::resize));
    all.put("Upsample", Operator.of(ResizeOperators::resize));
  }

  private static Tensor resize(Operands in) {
    boolean isOld = in.opset() < COORDINATES || in.node().is("Upsample");
    Resampling.Options options = options(in, isOld);
    long[] axes = Torch.longs(in.node().integers("axes", all(in.x())));
    double[] scales = scales(in, isOld);
    long[] sizes = !isOld && in.has(3) && in.x().dim() > 0 ? in.longs(3) : null;
    sizes = sizes != null && sizes.length == 0 ? null : sizes;
    double @Nullable [] regions = options.isCropped() ? Torch.doubles(in.get(1)) : null;
    if (sizes != null) {
      sizes = kept(in, axes, sizes);
    } else if (scales == null) {
      throw in.unsupported("it has neither scales nor sizes");
    }
    Tensor result = in.x();
    Tensor outside = null;
    for (int i = 0; i < axes.length; i++) {
      int axis = in.axis(axes[i], in.x().dim());
      long size = in.x().size(axis);
      long wanted = sizes == null ? (long) Math.floor(size * scale(scales, i)) : sizes[i];
      double scale = sizes == null ? scale(scales, i) : wantedScale(in, axes, sizes, i);
      double start = regions == null ? 0 : regions[i];
      double end = regions == null ? 1 : regions[i + axes.length];
      var resampling = new Resampling(options, size, wanted, scale, start, end);
      if (!resampling.isIdentity()) {
        result = along(result, axis, resampling);
        outside = outside(outside, resampling, axis, in.x());
      }
    }
    return outside == null
        ? result.alias()
        : torch.where(outside, new Scalar(options.outside()), result).to(Torch.type(result));
  }

  private static Resampling.Options options(Operands in, boolean isOld) {
    var node = in.node();
    String mode = node.text("mode", "nearest");
    if (isOld) {
      String rounding = node.is("Upsample") ? "floor" : "simple";
      return new Resampling.Options(
          mode.equals("bilinear") ? "linear" : mode,
          "asymmetric",
          rounding,
          -0.75,
          false,
          false,
          0);
    }
    return new Resampling.Options(
        mode,
        node.text("coordinate_transformation_mode", "half_pixel"),
        node.text("nearest_mode", "round_prefer_floor"),
        node.real("cubic_coeff_a", -0.75f),
        node.integer("exclude_outside", 0) != 0,
        node.integer("antialias", 0) != 0,
        node.real("extrapolation_value", 0));
  }

  private static List<Long> all(Tensor x) {
    return LongStream.range(0, x.dim()).boxed().toList();
  }

  private static double @Nullable [] scales(Operands in, boolean isOld) {
    if (in.node().attributes().get("scales")
        instanceof falcon.model.Attribute.FloatList(List<Float> values)) {
      return values.stream().mapToDouble(Float::doubleValue).toArray();
    }
    Tensor given = in.tensor(isOld ? 1 : 2);
    return given == null || given.numel() == 0 ? null : Torch.doubles(given);
  }

  private static double scale(double @Nullable [] scales, int i) {
    return scales == null ? 1 : scales[i];
  }

  private static String policy(Operands in) {
    return in.node().text("keep_aspect_ratio_policy", "stretch");
  }

  /// Returns the sizes, with the aspect ratio kept if the node requests it.
  private static long[] kept(Operands in, long[] axes, long[] sizes) {
    if (policy(in).equals("stretch")) {
      return sizes;
    }
    double scale = wantedScale(in, axes, sizes, 0);
    var result = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      result[i] = (long) Math.floor(scale * in.x().size(axes[i]) + 0.5);
    }
    return result;
  }

  private static double wantedScale(Operands in, long[] axes, long[] sizes, int i) {
    String policy = policy(in);
    if (policy.equals("stretch")) {
      return (double) sizes[i] / in.x().size(axes[i]);
    }
    double scale = policy.equals("not_larger") ? Double.POSITIVE_INFINITY : 0;
    for (int j = 0; j < sizes.length; j++) {
      double own = (double) sizes[j] / in.x().size(axes[j]);
      scale = policy.equals("not_larger") ? Math.min(scale, own) : Math.max(scale, own);
    }
    return scale;
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
