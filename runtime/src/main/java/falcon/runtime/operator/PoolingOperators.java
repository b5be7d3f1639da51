package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import falcon.model.DataType;
import falcon.model.operator.AxisPadding;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Maxima, means and norms under a window over one to three spatial axes, or over all positions.
final class PoolingOperators {
  private PoolingOperators() {}

  private enum Kind {
    MAX,
    AVERAGE,
    NORM
  }

  static void addTo(Map<String, Operator> all) {
    all.put(
        "MaxPool",
        new Operator(
            (in, output) -> output == 0 ? in.in(0).type() : DataType.INT64,
            in -> new Pool(in, Kind.MAX),
            Operator.Kind.COMPUTES));
    all.put("AveragePool", Operator.of(in -> new Pool(in, Kind.AVERAGE)));
    all.put("LpPool", Operator.of(in -> new Pool(in, Kind.NORM)));
    all.put("GlobalAveragePool", Operator.of(in -> new Global(in, Kind.AVERAGE)));
    all.put("GlobalMaxPool", Operator.of(in -> new Global(in, Kind.MAX)));
    all.put("GlobalLpPool", Operator.of(in -> new Global(in, Kind.NORM)));
  }

  /// A pool over all positions of each channel.
  private static final class Global implements Step {
    private final MemorySegment x;
    private final MemorySegment out;
    private final Kind kind;
    private final int channels;
    private final int positions;
    private final double p;
    private final int parts;

    Global(Operands in, Kind kind) {
      in.real(0);
      x = in.memory(0);
      out = in.out().memory();
      this.kind = kind;
      channels = in.out().elements();
      positions = channels == 0 ? 0 : in.in(0).elements() / channels;
      p = in.node().integer("p", 2);
      parts = Step.parts(in.in(0).elements(), channels);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      float[] plane = workspace.floats(0, positions);
      int end = Step.begin(part + 1, parts, channels);
      for (int i = Step.begin(part, parts, channels); i < end; i++) {
        MemorySegment.copy(x, JAVA_FLOAT, 4L * i * positions, plane, 0, positions);
        out.setAtIndex(JAVA_FLOAT, i, pooled(plane));
      }
    }

    private float pooled(float[] plane) {
      return switch (kind) {
        case MAX -> Rows.most(plane, positions);
        case AVERAGE -> (float) (Rows.sum(plane, positions) / positions);
        case NORM -> {
          double sum = 0;
          for (int i = 0; i < positions; i++) {
            sum += Math.pow(Math.abs(plane[i]), p);
          }
          yield (float) Math.pow(sum, 1 / p);
        }
      };
    }
  }

  /// A pool under a window.
  private static final class Pool implements Step {
    private final MemorySegment x;
    private final MemorySegment out;
    private final @Nullable MemorySegment places;
    private final Windows window;
    private final Kind kind;
    private final Storage storage;
    private final boolean countsPadding;
    private final boolean isByColumns;
    private final double p;
    private final int[] ends;
    private final int planes;
    private final int parts;

    Pool(Operands in, Kind kind) {
      Value input = in.in(0);
      storage = input.storage();
      if (kind != Kind.MAX) {
        in.real(0);
      }
      x = input.memory();
      out = in.out().memory();
      places = kind == Kind.MAX && in.makes(1) ? in.out(1).memory() : null;
      int axes = input.rank() - 2;
      var kernel = new int[Math.max(0, axes)];
      for (int i = 0; i < kernel.length; i++) {
        kernel[i] = (int) AxisPadding.entry(in.node(), "kernel_shape", i, 1);
      }
      window = Windows.of(in, kernel, input, in.out());
      this.kind = kind;
      countsPadding = in.node().integer("count_include_pad", 0) != 0;
      isByColumns = in.node().integer("storage_order", 0) != 0;
      p = in.node().integer("p", 2);
      ends = new int[Windows.AXES];
      for (int i = 0; i < axes; i++) {
        int place = Windows.AXES - axes + i;
        long stride = AxisPadding.entry(in.node(), "strides", i, 1);
        long dilation = AxisPadding.entry(in.node(), "dilations", i, 1);
        long span = (kernel[i] - 1) * dilation + 1;
        ends[place] =
            (int) AxisPadding.of(in.node(), i, axes, input.size(i + 2), stride, span).end();
      }
      planes = input.size(0) * input.size(1);
      parts = Step.parts((long) in.out().elements() * window.taps(), planes);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      int inputs = window.inputs();
      int outputs = window.outputs();
      float[] plane = workspace.floats(0, inputs);
      float[] results = workspace.floats(1, outputs);
      int end = Step.begin(part + 1, parts, planes);
      for (int i = Step.begin(part, parts, planes); i < end; i++) {
        load(i, inputs, plane);
        for (int o = 0; o < outputs; o++) {
          results[o] = at(plane, i, o);
        }
        if (storage == Storage.REAL) {
          MemorySegment.copy(results, 0, out, JAVA_FLOAT, 4L * i * outputs, outputs);
        } else {
          for (int o = 0; o < outputs; o++) {
            out.setAtIndex(JAVA_LONG, (long) i * outputs + o, (long) results[o]);
          }
        }
      }
    }

    private void load(int i, int inputs, float[] plane) {
      if (storage == Storage.REAL) {
        MemorySegment.copy(x, JAVA_FLOAT, 4L * i * inputs, plane, 0, inputs);
      } else {
        for (int j = 0; j < inputs; j++) {
          plane[j] = x.getAtIndex(JAVA_LONG, (long) i * inputs + j);
        }
      }
    }

    private float at(float[] plane, int channel, int o) {
      int[] output = window.output();
      int c = o % output[2];
      int b = o / output[2] % output[1];
      int a = o / output[2] / output[1];
      int[] kernel = window.kernel();
      int[] input = window.input();
      float most = Float.NEGATIVE_INFINITY;
      double sum = 0;
      int place = -1;
      int count = 0;
      for (int d = 0; d < kernel[0]; d++) {
        int depth = window.source(0, a, d);
        for (int h = 0; h < kernel[1]; h++) {
          int row = window.source(1, b, h);
          for (int w = 0; w < kernel[2]; w++) {
            int column = window.source(2, c, w);
            boolean isInside =
                depth >= 0
                    && depth < input[0]
                    && row >= 0
                    && row < input[1]
                    && column >= 0
                    && column < input[2];
            if (isInside) {
              int at = (depth * input[1] + row) * input[2] + column;
              float value = plane[at];
              count++;
              if (kind == Kind.NORM) {
                sum += Math.pow(Math.abs(value), p);
              } else {
                sum += value;
              }
              if (place < 0 || value > most || Float.isNaN(value)) {
                most = value;
                place = at;
              }
            } else if (countsPadding
                && depth < input[0] + ends[0]
                && row < input[1] + ends[1]
                && column < input[2] + ends[2]) {
              count++;
            }
          }
        }
      }
      if (places != null) {
        places.setAtIndex(
            JAVA_LONG,
            (long) channel * window.outputs() + o,
            (long) channel * window.inputs() + (isByColumns ? byColumns(place) : place));
      }
      return switch (kind) {
        case MAX -> most;
        case AVERAGE -> (float) (sum / count);
        case NORM -> (float) Math.pow(sum, 1 / p);
      };
    }

    private int byColumns(int place) {
      int[] input = window.input();
      int column = place % input[2];
      int row = place / input[2] % input[1];
      int depth = place / input[2] / input[1];
      return depth + input[0] * (row + input[1] * column);
    }
  }
}
