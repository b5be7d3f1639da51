package falcon.torch.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/// A random convolution with its result and gradients, by plain loops in float64.
///
/// ```
/// y[n, o, p] = bias[o] + Σ x[n, c, q] w[o, c, t]     over taps t and channels c of o's group,
///                                                   q = p · stride + t · dilation − pad
/// ```
///
/// A transposed convolution reads p and writes q. Missing axes count as axes of one element.
final class ReferenceConvolution {
  private static final int AXES = 3;

  /// Sizes of the inputs along the spatial axes: small, different, odd.
  private static final int[] SPACE = {3, 7, 5};

  /// The shape of a convolution of any kind.
  ///
  /// @param inputs number of input channels of a group
  /// @param outputs number of output channels of a group
  /// @param axes number of spatial axes, one to three
  /// @param window size along each of these axes, as for stride and dilation
  record Shape(
      int groups,
      int inputs,
      int outputs,
      int axes,
      int window,
      int stride,
      int dilation,
      boolean isTransposed) {
    /// Returns a convolution of stride 1 without gaps.
    static Shape of(int groups, int inputs, int outputs, int axes, int window) {
      return new Shape(groups, inputs, outputs, axes, window, 1, 1, false);
    }

    Shape moving(int newStride, int newDilation) {
      return new Shape(groups, inputs, outputs, axes, window, newStride, newDilation, isTransposed);
    }

    Shape transposed() {
      return new Shape(groups, inputs, outputs, axes, window, stride, dilation, true);
    }

    /// Returns the number of zeros on both sides of each axis.
    int pad() {
      return isTransposed ? 0 : dilation * (window / 2);
    }

    @Override
    public String toString() {
      return "%s%d to %d channels, %d groups, %d axes, window %d, stride %d, dilation %d"
          .formatted(
              isTransposed ? "transposed, " : "",
              groups * inputs,
              groups * outputs,
              groups,
              axes,
              window,
              stride,
              dilation);
    }
  }

  private final int axes;
  private final int batch;
  private final int groups;
  private final int inputs;
  private final int outputs;
  private final boolean isTransposed;

  // One entry per axis; missing axes count as axes of one element.
  private final int[] space = new int[AXES];
  private final int[] kernel = new int[AXES];
  private final int[] result = new int[AXES];
  private final int[] stride = new int[AXES];
  private final int[] pad = new int[AXES];
  private final int[] dilation = new int[AXES];

  private final double[] x;
  private final double[] w;
  private final double[] bias;
  private final double[] g;
  private final double[] y;
  private final double[] gx;
  private final double[] gw;

  ReferenceConvolution(Shape shape, int batch, SplittableRandom random) {
    this.axes = shape.axes();
    this.batch = batch;
    this.groups = shape.groups();
    this.inputs = shape.inputs();
    this.outputs = shape.outputs();
    this.isTransposed = shape.isTransposed();
    for (int axis = 0; axis < AXES; axis++) {
      boolean isOwn = axis >= AXES - axes;
      space[axis] = isOwn ? SPACE[axis] : 1;
      kernel[axis] = isOwn ? shape.window() : 1;
      stride[axis] = isOwn ? shape.stride() : 1;
      dilation[axis] = isOwn ? shape.dilation() : 1;
      pad[axis] = isOwn ? shape.pad() : 0;
      int span = (kernel[axis] - 1) * dilation[axis] + 1;
      result[axis] =
          isTransposed
              ? (space[axis] - 1) * stride[axis] + span
              : (space[axis] + 2 * pad[axis] - span) / stride[axis] + 1;
    }
    x = numbers(random, batch * groups * inputs * product(space));
    w = numbers(random, groups * inputs * outputs * product(kernel));
    bias = numbers(random, groups * outputs);
    g = numbers(random, batch * groups * outputs * product(result));
    y = new double[g.length];
    gx = new double[x.length];
    gw = new double[w.length];
    compute();
  }

  private void compute() {
    int outputSize = product(result);
    for (int i = 0; i < y.length; i++) {
      y[i] = bias[i / outputSize % bias.length];
    }
    for (int group = 0; group < groups; group++) {
      for (int c = 0; c < inputs; c++) {
        for (int o = 0; o < outputs; o++) {
          for (int tap = 0; tap < product(kernel); tap++) {
            add(group, c, o, tap);
          }
        }
      }
    }
  }

  /// Adds the products of one weight.
  private void add(int group, int c, int o, int tap) {
    int first = isTransposed ? c : o;
    int second = isTransposed ? o : c;
    int secondCount = isTransposed ? outputs : inputs;
    int firstCount = isTransposed ? inputs : outputs;
    int weight = ((group * firstCount + first) * secondCount + second) * product(kernel) + tap;
    int[] few = isTransposed ? space : result; // The side whose positions are p.
    int[] many = isTransposed ? result : space;
    int t2 = tap % kernel[2];
    int t1 = tap / kernel[2] % kernel[1];
    int t0 = tap / kernel[2] / kernel[1];
    for (int n = 0; n < batch; n++) {
      int xBase = (n * groups * inputs + group * inputs + c) * product(space);
      int yBase = (n * groups * outputs + group * outputs + o) * product(result);
      for (int p0 = 0; p0 < few[0]; p0++) {
        int q0 = p0 * stride[0] + t0 * dilation[0] - pad[0];
        for (int p1 = 0; p1 < few[1]; p1++) {
          int q1 = p1 * stride[1] + t1 * dilation[1] - pad[1];
          for (int p2 = 0; p2 < few[2]; p2++) {
            int q2 = p2 * stride[2] + t2 * dilation[2] - pad[2];
            if (q0 >= 0 && q0 < many[0] && q1 >= 0 && q1 < many[1] && q2 >= 0 && q2 < many[2]) {
              int p = (p0 * few[1] + p1) * few[2] + p2;
              int q = (q0 * many[1] + q1) * many[2] + q2;
              int from = xBase + (isTransposed ? p : q);
              int to = yBase + (isTransposed ? q : p);
              y[to] += x[from] * w[weight];
              gx[from] += g[to] * w[weight];
              gw[weight] += g[to] * x[from];
            }
          }
        }
      }
    }
  }

  /// Returns the convolution of tensors that hold [#x], [#w] and [#bias].
  Convolution convolution(Tensor inputs, Tensor weights, Tensor shifts) {
    return new Convolution(
        inputs,
        weights,
        shifts,
        Window.symmetric(own(kernel), own(stride), own(dilation), own(pad)),
        groups,
        isTransposed);
  }

  /// Returns the inputs, row-major.
  double[] x() {
    return x;
  }

  /// Returns the weights, row-major.
  double[] w() {
    return w;
  }

  /// Returns the bias, one number per output channel.
  double[] bias() {
    return bias;
  }

  /// Returns the gradient of the result.
  double[] g() {
    return g;
  }

  /// Returns the result.
  double[] y() {
    return y;
  }

  /// Returns the gradient of the inputs.
  double[] gx() {
    return gx;
  }

  /// Returns the gradient of the weights.
  double[] gw() {
    return gw;
  }

  List<Long> xShape() {
    return shape(batch, groups * inputs, space);
  }

  List<Long> yShape() {
    return shape(batch, groups * outputs, result);
  }

  List<Long> wShape() {
    return isTransposed
        ? shape(groups * inputs, outputs, kernel)
        : shape(groups * outputs, inputs, kernel);
  }

  private List<Long> shape(int first, int second, int[] sizes) {
    return Stream.concat(Stream.of((long) first, (long) second), Arrays.stream(own(sizes)).boxed())
        .toList();
  }

  /// Returns the entries of the existing axes.
  private long[] own(int[] values) {
    return Arrays.stream(values, AXES - axes, AXES).asLongStream().toArray();
  }

  private static int product(int[] sizes) {
    return sizes[0] * sizes[1] * sizes[2];
  }

  /// Returns numbers that float32 represents exactly.
  private static double[] numbers(SplittableRandom random, int count) {
    return random.doubles(count, -1, 1).map(v -> (float) v).toArray();
  }
}
