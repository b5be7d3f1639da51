package falcon.runtime.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A layer with numbers, computed by the kernels and by its definition in float64.
final class LayerCase {
  final ConvolutionShape shape;
  final int images;
  final float[] weights;
  final float[] input;
  final float @Nullable [] residual;
  final Epilogue epilogue;
  private final float[] bias;

  LayerCase(
      ConvolutionShape shape, int images, double density, Epilogue given, RandomGenerator random) {
    this.shape = shape;
    this.images = images;
    weights = new float[shape.weights()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextDouble() < density ? number(random) : 0;
    }
    input = numbers(count(shape.input(images)), random);
    residual = given.hasResidual() ? numbers(count(shape.output(images)), random) : null;
    bias = numbers(shape.outputs(), random);
    epilogue = given.withBias(bias);
  }

  /// Makes four neighbouring output channels of a group keep the same weights.
  LayerCase inBlocks() {
    int outputs = shape.outputs() / shape.groups();
    int count = shape.weightsOfOutput();
    for (int o = 0; o < shape.outputs(); o++) {
      int first = o / outputs * outputs + o % outputs / 4 * 4;
      for (int k = 0; k < count; k++) {
        if (weights[first * count + k] == 0) {
          weights[o * count + k] = 0;
        } else if (weights[o * count + k] == 0) {
          weights[o * count + k] = 0.5f;
        }
      }
    }
    return this;
  }

  private static float number(RandomGenerator random) {
    return (float) (2 * random.nextDouble() - 1);
  }

  private static float[] numbers(int count, RandomGenerator random) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = number(random);
    }
    return numbers;
  }

  static int count(Extent extent) {
    return extent.images() * extent.channels() * extent.height() * extent.width();
  }

  /// Returns the outputs by definition, row-major.
  double[] expected() {
    Extent out = shape.output(images);
    double[] outputs = new double[count(out)];
    int next = 0;
    for (int n = 0; n < images; n++) {
      for (int o = 0; o < out.channels(); o++) {
        for (int y = 0; y < out.height(); y++) {
          for (int x = 0; x < out.width(); x++) {
            double sum = sum(n, o, y, x) + bias[o] + (residual == null ? 0 : residual[next]);
            outputs[next++] = activated(sum);
          }
        }
      }
    }
    return outputs;
  }

  private double sum(int n, int o, int y, int x) {
    int inputs = shape.inputs() / shape.groups();
    int group = o / (shape.outputs() / shape.groups());
    Window rows = shape.rows().window();
    Window columns = shape.columns().window();
    double sum = 0;
    int k = o * shape.weightsOfOutput();
    for (int i = 0; i < inputs; i++) {
      for (int u = 0; u < rows.size(); u++) {
        for (int v = 0; v < columns.size(); v++, k++) {
          int iy = y * rows.stride() + u * rows.dilation() - rows.before();
          int ix = x * columns.stride() + v * columns.dilation() - columns.before();
          boolean isInside =
              iy >= 0 && iy < shape.rows().length() && ix >= 0 && ix < shape.columns().length();
          if (isInside && weights[k] != 0) {
            int channel = n * shape.inputs() + group * inputs + i;
            int at = (channel * shape.rows().length() + iy) * shape.columns().length() + ix;
            sum += (double) weights[k] * input[at];
          }
        }
      }
    }
    return sum;
  }

  private double activated(double x) {
    return switch (epilogue.activation()) {
      case CLIP -> Double.isNaN(x) ? x : Math.min(Math.max(x, epilogue.low()), epilogue.high());
      case SIGMOID -> 1 / (1 + Math.exp(-x));
      case SILU -> x / (1 + Math.exp(-x));
      case HARD_SWISH -> x * Math.min(Math.max(x / 6 + 0.5, 0), 1);
      case GELU -> x / 2 * (1 + erf(x / Math.sqrt(2)));
    };
  }

  /// Returns erf(z) = 2 / √π e^(−z²) Σ 2ⁿ z^(2n + 1) / (1 · 3 ⋯ (2n + 1)).
  private static double erf(double z) {
    double sum = 0;
    double term = z;
    for (int n = 0; n < 1000; n++) {
      sum += term;
      term *= 2 * z * z / (2 * n + 3);
    }
    return Math.abs(z) > 6 ? Math.signum(z) : 2 / Math.sqrt(Math.PI) * Math.exp(-z * z) * sum;
  }

  /// Returns the outputs of the kernels, row-major; parts run in an order drawn from a seed.
  float[] computed(Layouts layouts, LayerChoice choice, LayerPlanner planner, long seed) {
    try (Arena arena = Arena.ofShared();
        CompiledLayer layer =
            CompiledLayer.compile(
                new LayerWeights(shape, weights), epilogue, layouts, choice, planner)) {
      MemorySegment x = filled(arena, layouts.input(), input);
      MemorySegment r = residual == null ? null : filled(arena, layouts.output(), residual);
      MemorySegment y = allocated(arena, layouts.output());
      List<Integer> parts = new ArrayList<>();
      for (int part = 0; part < layer.parts(); part++) {
        parts.add(part);
      }
      Collections.shuffle(parts, java.util.Random.from(new SplittableRandom(seed)));
      for (int part : parts) {
        layer.run(x, r, y, part);
      }
      checkZeros(layouts.output(), y);
      return read(arena, layouts.output(), y);
    }
  }

  static MemorySegment allocated(Arena arena, PlaneLayout layout) {
    return arena.allocate(layout.bytes(), PlaneLayout.ALIGNMENT);
  }

  static MemorySegment filled(Arena arena, PlaneLayout layout, float[] values) {
    MemorySegment plain = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
    MemorySegment segment = allocated(arena, layout);
    copy(PlaneLayout.rowMajor(layout.extent()), plain, layout, segment);
    return segment;
  }

  static float[] read(Arena arena, PlaneLayout layout, MemorySegment segment) {
    PlaneLayout plain = PlaneLayout.rowMajor(layout.extent());
    MemorySegment values =
        arena.allocate((long) count(layout.extent()) * Float.BYTES, PlaneLayout.ALIGNMENT);
    copy(layout, segment, plain, values);
    return values.toArray(ValueLayout.JAVA_FLOAT);
  }

  private static void copy(
      PlaneLayout from, MemorySegment source, PlaneLayout to, MemorySegment target) {
    LayoutCopy copy = LayoutCopy.of(from, to);
    for (int part = copy.parts() - 1; part >= 0; part--) {
      copy.run(source, target, part);
    }
  }

  /// Everything that is no element must be zero.
  private static void checkZeros(PlaneLayout layout, MemorySegment segment) {
    boolean[] isElement = new boolean[(int) (layout.bytes() / Float.BYTES)];
    Extent extent = layout.extent();
    for (int n = 0; n < layout.blocks() * layout.lanes(); n++) {
      for (int c = 0; c < extent.channels(); c++) {
        for (int y = 0; y < extent.height(); y++) {
          for (int x = 0; x < extent.width(); x++) {
            isElement[(int) layout.offset(n, c, y, x)] = true;
          }
        }
      }
    }
    for (int i = 0; i < isElement.length; i++) {
      float value = segment.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      if (!isElement[i] && value != 0) {
        throw new AssertionError("element %d of %s is junk: %s".formatted(i, layout, value));
      }
    }
  }

  @Override
  public String toString() {
    return "%s, %d images, %s".formatted(shape, images, epilogue.activation());
  }
}
