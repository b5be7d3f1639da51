package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import falcon.model.DataType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Normalisation by means and variances, or by norms.
final class NormalizationOperators {
  private static final float EPSILON = 1e-5f;

  /// First opset in which GroupNormalization has one scale per channel, not per group.
  private static final long SCALE_BY_CHANNEL = 21;

  private NormalizationOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("BatchNormalization", Operator.of(in -> batch(in, Activation.NONE)));
    all.put("InstanceNormalization", Operator.of(in -> new Grouped(in, in.in(0).size(1))));
    all.put(
        "GroupNormalization",
        Operator.of(in -> new Grouped(in, (int) in.node().integer("num_groups", 1))));
    all.put(
        "LayerNormalization",
        Operator.of(in -> layer(in, true))
            .making((in, output) -> output == 0 ? in.in(0).type() : DataType.FLOAT32));
    all.put("RMSNormalization", Operator.of(in -> layer(in, false)));
    all.put("LpNormalization", Operator.of(NormalizationOperators::norm));
    all.put("LRN", Operator.of(LocalResponse::new));
  }

  /// Computes act((x − mean) · scale / √(variance + ε) + shift).
  static Step batch(Operands in, Activation activation) {
    if (in.node().integer("training_mode", 0) != 0) {
      throw in.unsupported("it was exported in training mode");
    }
    if (in.node().integer("spatial", 1) == 0) {
      throw in.unsupported("it normalises each position by itself (spatial=0)");
    }
    return new Batch(in, activation);
  }

  private static final class Batch implements Step {
    private final MemorySegment x;
    private final MemorySegment[] statistics = new MemorySegment[4];
    private final MemorySegment out;
    private final Activation activation;
    private final double epsilon;
    private final int channels;
    private final int planes;
    private final int positions;
    private final int parts;

    Batch(Operands in, Activation activation) {
      in.real(0);
      x = in.memory(0);
      for (int i = 0; i < statistics.length; i++) {
        statistics[i] = in.real(i + 1).memory(i + 1);
      }
      out = in.out().memory();
      this.activation = activation;
      epsilon = in.node().real("epsilon", EPSILON);
      channels = in.in(0).rank() < 2 ? 1 : in.in(0).size(1);
      planes = in.in(0).size(0) * channels;
      positions = planes == 0 ? 0 : in.in(0).elements() / planes;
      parts = Step.parts(in.in(0).elements(), planes);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      float[] plane = workspace.floats(0, positions);
      int end = Step.begin(part + 1, parts, planes);
      for (int i = Step.begin(part, parts, planes); i < end; i++) {
        int channel = i % channels;
        double scale = statistic(0, channel) / Math.sqrt(statistic(3, channel) + epsilon);
        float factor = (float) scale;
        float shift = (float) (statistic(1, channel) - statistic(2, channel) * scale);
        MemorySegment.copy(x, JAVA_FLOAT, 4L * i * positions, plane, 0, positions);
        for (int j = 0; j < positions; j++) {
          plane[j] = plane[j] * factor + shift;
        }
        activation.apply(plane, positions, workspace);
        MemorySegment.copy(plane, 0, out, JAVA_FLOAT, 4L * i * positions, positions);
      }
    }

    private double statistic(int number, int channel) {
      return statistics[number].getAtIndex(JAVA_FLOAT, channel);
    }
  }

  /// Normalises groups of channels, then scales each channel.
  private static final class Grouped implements Step {
    private final MemorySegment x;
    private final MemorySegment scale;
    private final MemorySegment shift;
    private final MemorySegment out;
    private final double epsilon;
    private final int groups;
    private final int all;
    private final int channels;
    private final int positions;
    private final boolean isByGroup;
    private final int parts;

    Grouped(Operands in, int groups) {
      Value input = in.real(0).real(1).real(2).in(0);
      int count = input.size(1);
      if (groups < 1 || count % groups != 0) {
        throw in.unsupported("%d channels make no %d groups".formatted(count, groups));
      }
      this.groups = groups;
      x = input.memory();
      scale = in.memory(1);
      shift = in.memory(2);
      out = in.out().memory();
      epsilon = in.node().real("epsilon", EPSILON);
      all = input.size(0) * groups;
      channels = count / groups;
      positions = input.elements() == 0 ? 0 : input.elements() / (input.size(0) * count);
      isByGroup = in.node().is("GroupNormalization") && in.opset() < SCALE_BY_CHANNEL;
      parts = Step.parts(input.elements(), all);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      int n = channels * positions;
      float[] row = workspace.floats(0, n);
      int end = Step.begin(part + 1, parts, all);
      for (int i = Step.begin(part, parts, all); i < end; i++) {
        MemorySegment.copy(x, JAVA_FLOAT, 4L * i * n, row, 0, n);
        float mean = (float) (Rows.sum(row, n) / n);
        double inverse = 1 / Math.sqrt(Rows.squares(row, n, mean) / n + epsilon);
        int group = i % groups;
        for (int c = 0; c < channels; c++) {
          int place = isByGroup ? group : group * channels + c;
          float factor = (float) (scale.getAtIndex(JAVA_FLOAT, place) * inverse);
          float add = shift.getAtIndex(JAVA_FLOAT, place);
          for (int j = c * positions; j < (c + 1) * positions; j++) {
            row[j] = (row[j] - mean) * factor + add;
          }
        }
        MemorySegment.copy(row, 0, out, JAVA_FLOAT, 4L * i * n, n);
      }
    }
  }

  private static Step layer(Operands in, boolean isCentred) {
    in.real(0).real(1).real(2);
    int axis = in.axis(-1);
    Value x = in.in(0);
    List<Long> normalised = x.form().shape().subList(axis, x.rank());
    boolean isPlain =
        in.in(1).hasShape(normalised) && (!in.has(2) || in.in(2).hasShape(normalised));
    var rows = new Layer(in, axis, isCentred, isPlain);
    if (isPlain) {
      return rows;
    }
    Step scaled = ArithmeticOperators.product(in.out(), in.in(1));
    Step shifted = in.has(2) ? ArithmeticOperators.sum(in.out(), in.in(2)) : null;
    return ArithmeticOperators.sequence(
        shifted == null ? List.of(rows, scaled) : List.of(rows, scaled, shifted));
  }

  /// Normalises rows: the elements from an axis on.
  private static final class Layer implements Step {
    private final MemorySegment x;
    private final @Nullable MemorySegment scale;
    private final @Nullable MemorySegment shift;
    private final MemorySegment out;
    private final @Nullable MemorySegment means;
    private final @Nullable MemorySegment inverses;
    private final double epsilon;
    private final boolean isCentred;
    private final int rows;
    private final int n;
    private final int parts;

    Layer(Operands in, int axis, boolean isCentred, boolean isPlain) {
      x = in.memory(0);
      scale = isPlain ? in.memory(1) : null;
      shift = isPlain && in.has(2) ? in.memory(2) : null;
      out = in.out().memory();
      means = in.makes(1) ? in.out(1).memory() : null;
      inverses = in.makes(2) ? in.out(2).memory() : null;
      epsilon = in.node().real("epsilon", EPSILON);
      this.isCentred = isCentred;
      n = Arrays.stream(in.in(0).shape()).skip(axis).reduce(1, (a, b) -> a * b);
      rows = n == 0 ? 0 : in.in(0).elements() / n;
      parts = Step.parts(in.in(0).elements(), rows);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      float[] row = workspace.floats(0, n);
      float[] factors = workspace.floats(1, n);
      float[] added = workspace.floats(2, n);
      load(scale, factors, 1);
      load(shift, added, 0);
      int end = Step.begin(part + 1, parts, rows);
      for (int i = Step.begin(part, parts, rows); i < end; i++) {
        MemorySegment.copy(x, JAVA_FLOAT, 4L * i * n, row, 0, n);
        float mean = isCentred ? (float) (Rows.sum(row, n) / n) : 0;
        float inverse = (float) (1 / Math.sqrt(Rows.squares(row, n, mean) / n + epsilon));
        for (int j = 0; j < n; j++) {
          row[j] = (row[j] - mean) * inverse * factors[j] + added[j];
        }
        MemorySegment.copy(row, 0, out, JAVA_FLOAT, 4L * i * n, n);
        if (means != null) {
          means.setAtIndex(JAVA_FLOAT, i, mean);
        }
        if (inverses != null) {
          inverses.setAtIndex(JAVA_FLOAT, i, inverse);
        }
      }
    }

    private void load(@Nullable MemorySegment from, float[] to, float absent) {
      if (from == null) {
        Arrays.fill(to, 0, n, absent);
      } else {
        MemorySegment.copy(from, JAVA_FLOAT, 0, to, 0, n);
      }
    }
  }

  private static Step norm(Operands in) {
    boolean isFirst = in.node().integer("p", 2) == 1;
    return new AxisStep(
        in.real(0),
        in.axis(-1),
        (row, n, _) -> {
          double sum = 0;
          for (int i = 0; i < n; i++) {
            sum += isFirst ? Math.abs(row[i]) : (double) row[i] * row[i];
          }
          float norm = (float) (isFirst ? sum : Math.sqrt(sum));
          for (int i = 0; i < n; i++) {
            row[i] = norm == 0 ? 0 : row[i] / norm;
          }
        });
  }

  /// Computes y = x / (bias + α/size · Σ x²)^β, with the sum over `size` channels around each.
  private static final class LocalResponse implements Step {
    private final MemorySegment x;
    private final MemorySegment out;
    private final int images;
    private final int channels;
    private final int positions;
    private final int size;
    private final double alpha;
    private final double beta;
    private final double bias;

    LocalResponse(Operands in) {
      Value input = in.real(0).in(0);
      x = input.memory();
      out = in.out().memory();
      images = input.size(0);
      channels = input.size(1);
      positions = input.elements() == 0 ? 0 : input.elements() / (images * channels);
      size = (int) in.node().integer("size", 1);
      alpha = in.node().real("alpha", 1e-4f);
      beta = in.node().real("beta", 0.75f);
      bias = in.node().real("bias", 1);
    }

    @Override
    public int parts() {
      return Math.clamp(images, 1, 256);
    }

    @Override
    public void run(int part, Workspace workspace) {
      int end = Step.begin(part + 1, parts(), images);
      for (int image = Step.begin(part, parts(), images); image < end; image++) {
        for (int c = 0; c < channels; c++) {
          int first = Math.max(0, c - (size - 1) / 2);
          int last = Math.min(channels - 1, c + size - 1 - (size - 1) / 2);
          for (int p = 0; p < positions; p++) {
            double sum = 0;
            for (int other = first; other <= last; other++) {
              double value = x.getAtIndex(JAVA_FLOAT, place(image, other, p));
              sum += value * value;
            }
            double base = Math.pow(bias + alpha / size * sum, beta);
            long place = place(image, c, p);
            out.setAtIndex(JAVA_FLOAT, place, (float) (x.getAtIndex(JAVA_FLOAT, place) / base));
          }
        }
      }
    }

    private long place(int image, int channel, int position) {
      return ((long) image * channels + channel) * positions + position;
    }
  }
}
