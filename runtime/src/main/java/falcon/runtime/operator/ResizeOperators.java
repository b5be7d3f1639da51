package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import falcon.model.operator.Resampling;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Resampling, one axis after the other, by weighted sums of few neighbours.
final class ResizeOperators {
  private ResizeOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Resize", Operator.of(ResizeOperators::resize));
    all.put("Upsample", Operator.of(ResizeOperators::resize));
  }

  private static Step resize(Operands in) {
    in.real(0);
    List<Resampling> resamplings =
        Resampling.of(
            in.node(),
            in.opset(),
            in.in(0).form().shape(),
            input -> in.has(input) ? in.doubles(input) : null);
    return new Resized(in, resamplings);
  }

  /// A resampled axis of an array `[outer, size, inner]`.
  private static final class Axis {
    private final int[][] places;
    private final float @Nullable [][] weights;
    private final int outer;
    private final int size;
    private final int wanted;
    private final int inner;

    /// @param shape shape of the array; the axis gets its new size there
    /// @param first first axis of the array within the shape
    Axis(Resampling resampling, int[] shape, int first) {
      List<Resampling.Tap> taps = resampling.taps();
      places = new int[taps.size()][];
      var factors = new float[taps.size()][];
      boolean isWeighted = false;
      for (int t = 0; t < places.length; t++) {
        long[] from = taps.get(t).places();
        double[] each = taps.get(t).weights();
        places[t] = new int[from.length];
        factors[t] = new float[from.length];
        isWeighted |= each != null;
        for (int i = 0; i < from.length; i++) {
          places[t][i] = (int) from[i];
          factors[t][i] = each == null ? 1 : (float) each[i];
        }
      }
      weights = isWeighted ? factors : null;
      int axis = resampling.axis();
      outer = product(shape, first, axis);
      size = shape[axis];
      wanted = resampling.wanted();
      inner = product(shape, axis + 1, shape.length);
      shape[axis] = wanted;
    }

    int results() {
      return outer * wanted * inner;
    }

    void apply(float[] from, float[] to) {
      for (int o = 0; o < outer; o++) {
        for (int i = 0; i < wanted; i++) {
          int at = (o * wanted + i) * inner;
          for (int t = 0; t < places.length; t++) {
            add(from, (o * size + places[t][i]) * inner, to, at, t, i);
          }
        }
      }
    }

    private void add(float[] from, int read, float[] to, int at, int tap, int i) {
      if (weights == null) {
        System.arraycopy(from, read, to, at, inner);
        return;
      }
      float weight = weights[tap][i];
      if (tap == 0) {
        for (int k = 0; k < inner; k++) {
          to[at + k] = weight * from[read + k];
        }
      } else if (weight != 0) {
        for (int k = 0; k < inner; k++) {
          to[at + k] += weight * from[read + k];
        }
      }
    }
  }

  private static int product(int[] shape, int from, int to) {
    int product = 1;
    for (int i = from; i < to; i++) {
      product *= shape[i];
    }
    return product;
  }

  /// All axes of a node; the axes before the first one that changes are cut into parts.
  private static final class Resized implements Step {
    private final MemorySegment x;
    private final MemorySegment out;
    private final Axis[] axes;
    private final boolean @Nullable [] outside;
    private final float outsideValue;
    private final int planes;
    private final int inputs;
    private final int results;
    private final int most;
    private final int parts;

    Resized(Operands in, List<Resampling> resamplings) {
      x = in.memory(0);
      out = in.out().memory();
      int[] shape = in.in(0).shape();
      int first = resamplings.stream().mapToInt(Resampling::axis).min().orElse(shape.length);
      planes = product(shape, 0, first);
      inputs = product(shape, first, shape.length);
      axes = new Axis[resamplings.size()];
      int largest = inputs;
      for (int i = 0; i < axes.length; i++) {
        axes[i] = new Axis(resamplings.get(i), shape, first);
        largest = Math.max(largest, axes[i].results());
      }
      results = product(shape, first, shape.length);
      most = largest;
      outside = outside(resamplings, shape, first);
      outsideValue = resamplings.isEmpty() ? 0 : (float) resamplings.getFirst().outsideValue();
      parts = Step.parts((long) planes * most, planes);
    }

    /// Returns which elements of a plane's result are outside the region; null if none is.
    private static boolean @Nullable [] outside(
        List<Resampling> resamplings, int[] shape, int first) {
      boolean[] all = null;
      for (Resampling resampling : resamplings) {
        long[] flags = resampling.outside();
        if (flags != null) {
          all = all == null ? new boolean[product(shape, first, shape.length)] : all;
          int inner = product(shape, resampling.axis() + 1, shape.length);
          for (int i = 0; i < all.length; i++) {
            all[i] |= flags[i / inner % flags.length] != 0;
          }
        }
      }
      return all;
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      int end = Step.begin(part + 1, parts, planes);
      for (int plane = Step.begin(part, parts, planes); plane < end; plane++) {
        float[] from = workspace.floats(0, most);
        float[] to = workspace.floats(1, most);
        MemorySegment.copy(x, JAVA_FLOAT, 4L * plane * inputs, from, 0, inputs);
        for (Axis axis : axes) {
          axis.apply(from, to);
          float[] next = from;
          from = to;
          to = next;
        }
        if (outside != null) {
          for (int i = 0; i < results; i++) {
            from[i] = outside[i] ? outsideValue : from[i];
          }
        }
        MemorySegment.copy(from, 0, out, JAVA_FLOAT, 4L * plane * results, results);
      }
    }
  }
}
