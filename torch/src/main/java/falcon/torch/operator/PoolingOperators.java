package falcon.torch.operator;

import falcon.model.Node;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.kernel.Window;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// Pooling over one to three spatial axes.
///
/// libtorch's own pooling is used if it accepts the padding; otherwise the input is padded first,
/// so that any padding and any rounding of the number of windows is exact.
final class PoolingOperators {
  private PoolingOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("MaxPool", Operator.ofSeveral(PoolingOperators::maxPool));
    all.put("MaxUnpool", Operator.of(PoolingOperators::maxUnpool));
    all.put("AveragePool", Operator.of(PoolingOperators::averagePool));
    all.put("LpPool", Operator.of(PoolingOperators::lpPool));
    all.put("GlobalAveragePool", Operator.of(PoolingOperators::globalAveragePool));
    all.put("GlobalMaxPool", Operator.of(in -> in.x().amax(spatialAxes(in), true)));
    all.put("GlobalLpPool", Operator.of(PoolingOperators::globalLpPool));
  }

  private static long[] spatialAxes(Operands in) {
    var axes = new long[(int) in.x().dim() - 2];
    Arrays.setAll(axes, i -> i + 2L);
    return axes;
  }

  private static Tensor globalAveragePool(Operands in) {
    return in.x().mean(spatialAxes(in), true, new ScalarTypeOptional());
  }

  private static Tensor globalLpPool(Operands in) {
    double p = in.node().integer("p", 2);
    return in.x()
        .abs()
        .pow(new Scalar(p))
        .sum(spatialAxes(in), true, new ScalarTypeOptional())
        .pow(new Scalar(1 / p));
  }

  private static boolean isCeil(Operands in) {
    return in.node().integer("ceil_mode", 0) != 0;
  }

  private static long[] sizes(Tensor x) {
    return Arrays.copyOfRange(x.shape(), 2, (int) x.dim());
  }

  /// Adds an axis of size 1 before a single spatial axis, which is pooled as two.
  private static Tensor raised(Tensor x) {
    return x.dim() == 3 ? x.unsqueeze(2) : x;
  }

  private static Window raised(Window window) {
    return window.kernel().length == 1 ? window.withLeadingAxis() : window;
  }

  private static Tensor lowered(Tensor result, Tensor input) {
    return input.dim() == 3 ? result.squeeze(2) : result;
  }

  private static List<Tensor> maxPool(Operands in) {
    Tensor input = in.x();
    requireAtMostThreeAxes(in);
    Window window = raised(Window.ofPooling(in.node(), input));
    Tensor x = raised(input);
    if (in.makes(1)) {
      return maximaAndPlaces(in, x, window);
    }
    boolean isNative = x.is_floating_point();
    Tensor floats = isNative ? x : x.to(torch.ScalarType.Double);
    Tensor maxima = lowered(maxima(floats, window, isCeil(in)), input);
    return List.of(isNative ? maxima : maxima.to(Torch.type(x)));
  }

  /// Puts maxima back to their positions, with zeros everywhere else; if a larger output is
  /// requested, more zeros follow.
  private static Tensor maxUnpool(Operands in) {
    Tensor x = in.x();
    requireAtMostThreeAxes(in);
    Window window = Window.ofPooling(in.node(), x);
    long[] shape = x.shape().clone();
    for (int i = 0; i < shape.length - 2; i++) {
      shape[i + 2] =
          (shape[i + 2] - 1) * window.stride(i) + window.span(i) - window.begin(i) - window.end(i);
    }
    Tensor places = in.y().to(torch.ScalarType.Long).reshape(-1);
    long all = SelectionOperators.product(shape, 0, shape.length);
    Tensor y =
        torch.zeros(new long[] {all}, x.options()).scatter(0, places, x.reshape(-1)).reshape(shape);
    if (!in.has(2)) {
      return y;
    }
    long[] wanted = in.longs(2);
    var behind = new long[shape.length - 2];
    for (int i = 0; i < behind.length; i++) {
      behind[i] = wanted[i + 2] - shape[i + 2];
    }
    return Torch.padded(y, new long[behind.length], behind, 0);
  }

  private static Tensor maxima(Tensor x, Window window, boolean ceil) {
    long[] pads = window.symmetricPads();
    if (!window.isPooled()) {
      Window fitted = window.fitted(sizes(x), ceil);
      return maxima(
          fitted.fullyPadded(x, Double.NEGATIVE_INFINITY), window, new long[pads.length], false);
    }
    return maxima(x, window, pads, ceil);
  }

  private static Tensor maxima(Tensor x, Window window, long[] pads, boolean ceil) {
    return x.dim() == 4
        ? torch.max_pool2d(x, window.kernel(), window.strides(), pads, window.dilations(), ceil)
        : torch.max_pool3d(x, window.kernel(), window.strides(), pads, window.dilations(), ceil);
  }

  /// Computes maxima and their positions; ONNX counts positions over the whole input, along its
  /// rows or (`storage_order=1`) columns.
  private static List<Tensor> maximaAndPlaces(Operands in, Tensor x, Window window) {
    Window fitted = window.fitted(sizes(x), isCeil(in));
    Tensor padded =
        fitted
            .fullyPadded(
                x.is_floating_point() ? x : x.to(torch.ScalarType.Double), Double.NEGATIVE_INFINITY)
            .contiguous();
    var none = new long[fitted.kernel().length];
    T_TensorTensor_T found =
        x.dim() == 4
            ? torch.max_pool2d_with_indices(
                padded, fitted.kernel(), fitted.strides(), none, fitted.dilations(), false)
            : torch.max_pool3d_with_indices(
                padded, fitted.kernel(), fitted.strides(), none, fitted.dilations(), false);
    boolean isByColumns = in.node().integer("storage_order", 0) != 0;
    Tensor places = places(found.get1(), sizes(padded), fitted, sizes(x), isByColumns);
    Tensor maxima = found.get0().to(Torch.type(x));
    return List.of(lowered(maxima, in.x()), lowered(places, in.x()));
  }

  /// Converts positions in a padded plane to positions in the whole input.
  ///
  /// @param found positions in one padded plane `[n, c, …]`
  private static Tensor places(
      Tensor found, long[] paddedSizes, Window window, long[] sizes, boolean isByColumns) {
    Tensor rest = found;
    Tensor places = torch.zeros_like(found);
    long[] steps = steps(sizes, isByColumns);
    for (int axis = sizes.length - 1; axis >= 0; axis--) {
      Tensor inAxis = rest.remainder(new Scalar(paddedSizes[axis]));
      rest = rest.floor_divide(new Scalar(paddedSizes[axis]));
      places = places.add(inAxis.sub(new Scalar(window.begin(axis))).mul(new Scalar(steps[axis])));
    }
    long planes = found.size(0) * found.size(1);
    long plane = Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
    Tensor first =
        torch
            .arange(new Scalar(planes), new TensorOptions(torch.ScalarType.Long))
            .mul(new Scalar(plane))
            .reshape(found.size(0), found.size(1));
    for (int axis = 0; axis < sizes.length; axis++) {
      first = first.unsqueeze(-1);
    }
    return places.add(first);
  }

  private static long[] steps(long[] sizes, boolean isByColumns) {
    var steps = new long[sizes.length];
    long step = 1;
    for (int i = 0; i < sizes.length; i++) {
      int axis = isByColumns ? i : sizes.length - 1 - i;
      steps[axis] = step;
      step *= sizes[axis];
    }
    return steps;
  }

  private static Tensor averagePool(Operands in) {
    Tensor input = in.x();
    requireAtMostThreeAxes(in);
    Window window = raised(Window.ofPooling(in.node(), input));
    Tensor x = raised(input);
    boolean countsPadding = in.node().integer("count_include_pad", 0) != 0;
    if (window.isPooled() && window.isDense()) {
      return lowered(average(x, window, isCeil(in), countsPadding), input);
    }
    Window fitted = window.fitted(sizes(x), isCeil(in));
    Tensor ones = torch.ones(sizes(x), new TensorOptions(Torch.type(x))).unsqueeze(0).unsqueeze(0);
    Tensor counted = countsPadding ? counted(ones, window, fitted) : fitted.fullyPadded(ones, 0);
    Tensor sums = sums(fitted.fullyPadded(x, 0), fitted);
    return lowered(sums.div(sums(counted, fitted)), input);
  }

  /// Returns ones in the input and the padding, zeros after the padding.
  private static Tensor counted(Tensor ones, Window window, Window fitted) {
    int axes = window.kernel().length;
    var behind = new long[axes];
    for (int i = 0; i < axes; i++) {
      behind[i] = fitted.end(i) - window.end(i);
    }
    return Torch.padded(window.fullyPadded(ones, 1), new long[axes], behind, 0);
  }

  private static Tensor average(Tensor x, Window window, boolean ceil, boolean countsPadding) {
    long[] pads = window.symmetricPads();
    return x.dim() == 4
        ? torch.avg_pool2d(
            x, window.kernel(), window.strides(), pads, ceil, countsPadding, new LongOptional())
        : torch.avg_pool3d(
            x, window.kernel(), window.strides(), pads, ceil, countsPadding, new LongOptional());
  }

  /// Sums the elements under the window by a convolution of each channel with ones.
  private static Tensor sums(Tensor padded, Window window) {
    long channels = padded.size(1);
    int axes = window.kernel().length;
    var shape = new long[axes + 2];
    shape[0] = channels;
    shape[1] = 1;
    System.arraycopy(window.kernel(), 0, shape, 2, axes);
    return torch.convolution(
        padded,
        torch.ones(shape, new TensorOptions(Torch.type(padded))),
        new TensorOptional(),
        window.strides(),
        new long[axes],
        window.dilations(),
        false,
        new long[axes],
        channels);
  }

  private static Tensor lpPool(Operands in) {
    requireAtMostThreeAxes(in);
    double p = in.node().integer("p", 2);
    Window window = raised(Window.ofPooling(in.node(), in.x()));
    Tensor powers = raised(in.x()).abs().pow(new Scalar(p));
    Window fitted = window.fitted(sizes(powers), isCeil(in));
    Tensor sums = sums(fitted.fullyPadded(powers, 0), fitted);
    return lowered(sums.pow(new Scalar(1 / p)), in.x());
  }

  private static void requireAtMostThreeAxes(Operands in) {
    Node node = in.node();
    long axes = in.x().dim() - 2;
    if (axes < 1 || axes > 3) {
      throw UnsupportedNetworkException.of(node, "pooling over %d axes".formatted(axes));
    }
  }
}
