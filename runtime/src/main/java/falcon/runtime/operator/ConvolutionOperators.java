package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import falcon.model.Node;
import falcon.model.operator.AxisPadding;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Convolutions over one to three spatial axes, by their definition: the plain evaluator, which
/// other kernels are compared with.
///
/// Weights that are zero are skipped: zero times infinity adds nothing.
final class ConvolutionOperators {
  /// Output channels of a part that share the loading of the input.
  private static final int CHANNELS = 8;

  private ConvolutionOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Conv", Operator.of(in -> convolution(in, Activation.NONE)));
    all.put("ConvTranspose", Operator.of(ConvolutionOperators::transposed));
  }

  private static int[] kernel(Value weights) {
    return Arrays.copyOfRange(weights.shape(), 2, weights.rank());
  }

  /// Computes act(convolution + bias + residual): bias is operand 2, the residual, of the output's
  /// shape, operand 3; both may be left out.
  static Step convolution(Operands in, Activation activation) {
    in.real(0).real(1).real(2).real(3);
    return new Convolution(in, activation);
  }

  private static final class Convolution implements Step {
    private final MemorySegment x;
    private final MemorySegment weights;
    private final @Nullable MemorySegment bias;
    private final @Nullable MemorySegment residual;
    private final MemorySegment out;
    private final Windows window;
    private final Activation activation;
    private final int images;
    private final int channels;
    private final int outputs;
    private final int groups;
    private final int blocks;
    private final int parts;

    Convolution(Operands in, Activation activation) {
      Value kernel = in.in(1);
      x = in.memory(0);
      weights = kernel.memory();
      bias = in.has(2) ? in.memory(2) : null;
      residual = in.has(3) ? in.memory(3) : null;
      out = in.out().memory();
      window = Windows.of(in, kernel(kernel), in.in(0), in.out());
      this.activation = activation;
      groups = (int) in.node().integer("group", 1);
      channels = kernel.size(1);
      outputs = kernel.size(0) / groups;
      blocks = Math.ceilDiv(outputs, CHANNELS);
      int all = in.in(0).size(0) * groups * blocks;
      parts = Step.parts((long) in.out().elements() * channels * window.taps() / 16, all);
      images = in.in(0).size(0);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      int all = images * groups * blocks;
      int end = Step.begin(part + 1, parts, all);
      for (int i = Step.begin(part, parts, all); i < end; i++) {
        int first = i % blocks * CHANNELS;
        int group = i / blocks % groups;
        block(i / blocks / groups, group, first, workspace);
      }
    }

    private void block(int image, int group, int first, Workspace workspace) {
      int count = Math.min(CHANNELS, outputs - first);
      int positions = window.outputs();
      int inputs = window.inputs();
      float[] plane = workspace.floats(0, inputs);
      float[][] sums = workspace.rows(0, CHANNELS, positions);
      for (int i = 0; i < count; i++) {
        int channel = group * outputs + first + i;
        float start = bias == null ? 0 : bias.getAtIndex(JAVA_FLOAT, channel);
        Arrays.fill(sums[i], 0, positions, start);
      }
      for (int c = 0; c < channels; c++) {
        long at = (((long) image * groups + group) * channels + c) * inputs;
        MemorySegment.copy(x, JAVA_FLOAT, 4 * at, plane, 0, inputs);
        for (int i = 0; i < count; i++) {
          int channel = group * outputs + first + i;
          add(plane, ((long) channel * channels + c) * window.taps(), sums[i]);
        }
      }
      for (int i = 0; i < count; i++) {
        long at = (((long) image * groups + group) * outputs + first + i) * positions;
        if (residual != null) {
          float[] more = workspace.floats(1, positions);
          MemorySegment.copy(residual, JAVA_FLOAT, 4 * at, more, 0, positions);
          for (int j = 0; j < positions; j++) {
            sums[i][j] += more[j];
          }
        }
        activation.apply(sums[i], positions, workspace);
        MemorySegment.copy(sums[i], 0, out, JAVA_FLOAT, 4 * at, positions);
      }
    }

    /// Adds one input channel's part of the sums of one output channel.
    private void add(float[] plane, long kernel, float[] sums) {
      int[] sizes = window.kernel();
      int tap = 0;
      for (int d = 0; d < sizes[0]; d++) {
        for (int h = 0; h < sizes[1]; h++) {
          for (int w = 0; w < sizes[2]; w++) {
            float weight = weights.getAtIndex(JAVA_FLOAT, kernel + tap++);
            if (weight != 0) {
              add(plane, d, h, w, weight, sums);
            }
          }
        }
      }
    }

    private void add(float[] plane, int d, int h, int w, float weight, float[] sums) {
      int[] input = window.input();
      int[] output = window.output();
      int left = window.first(2, w);
      int count = window.last(2, w) - left;
      int step = window.strides()[2];
      for (int i = window.first(0, d); i < window.last(0, d); i++) {
        int depth = window.source(0, i, d);
        for (int j = window.first(1, h); j < window.last(1, h); j++) {
          int row = (depth * input[1] + window.source(1, j, h)) * input[2];
          int from = row + window.source(2, left, w);
          int to = (i * output[1] + j) * output[2] + left;
          for (int p = 0; p < count; p++) {
            sums[to + p] += weight * plane[from + p * step];
          }
        }
      }
    }
  }

  /// Spreads every input element over the window that it contributes to.
  private static Step transposed(Operands in) {
    in.real(0).real(1).real(2);
    Node node = in.node();
    Value x = in.in(0);
    Value weights = in.in(1);
    int axes = weights.rank() - 2;
    if (axes < 1 || axes > Windows.AXES || x.rank() != weights.rank()) {
      throw in.unsupported("it has %d spatial axes; one to three are run".formatted(axes));
    }
    // A transposed convolution is the convolution that its output would have to its input,
    // reversed.
    var window =
        new Windows(
            new int[] {1, 1, 1},
            new int[] {1, 1, 1},
            new int[] {1, 1, 1},
            new int[3],
            new int[] {1, 1, 1},
            new int[] {1, 1, 1});
    for (int i = 0; i < axes; i++) {
      int place = Windows.AXES - axes + i;
      long stride = AxisPadding.entry(node, "strides", i, 1);
      long dilation = AxisPadding.entry(node, "dilations", i, 1);
      long span = (weights.size(i + 2) - 1) * dilation + 1;
      window.kernel()[place] = weights.size(i + 2);
      window.strides()[place] = (int) Math.min(stride, Integer.MAX_VALUE / 2);
      window.dilations()[place] = (int) Math.min(dilation, Integer.MAX_VALUE / 2);
      window.begins()[place] =
          Math.toIntExact(
              AxisPadding.ofTransposed(node, i, axes, x.size(i + 2), stride, span).begin());
      window.input()[place] = in.out().size(i + 2);
      window.output()[place] = x.size(i + 2);
    }
    return new Transposed(in, window);
  }

  /// A transposed convolution; in its window, input and output have changed places.
  private static final class Transposed implements Step {
    private final MemorySegment x;
    private final MemorySegment weights;
    private final @Nullable MemorySegment bias;
    private final MemorySegment out;
    private final Windows window;
    private final int images;
    private final int groups;
    private final int channels;
    private final int outputs;

    Transposed(Operands in, Windows window) {
      x = in.memory(0);
      weights = in.memory(1);
      bias = in.has(2) ? in.memory(2) : null;
      out = in.out().memory();
      this.window = window;
      images = in.in(0).size(0);
      groups = (int) in.node().integer("group", 1);
      channels = in.in(1).size(0) / groups;
      outputs = in.in(1).size(1);
    }

    @Override
    public int parts() {
      return Math.clamp((long) images * groups * outputs, 1, 256);
    }

    @Override
    public void run(int part, Workspace workspace) {
      int all = images * groups * outputs;
      int end = Step.begin(part + 1, parts(), all);
      int large = window.inputs();
      int small = window.outputs();
      float[] sums = workspace.floats(0, large);
      float[] plane = workspace.floats(1, small);
      for (int i = Step.begin(part, parts(), all); i < end; i++) {
        int o = i % outputs;
        int group = i / outputs % groups;
        int image = i / outputs / groups;
        float start = bias == null ? 0 : bias.getAtIndex(JAVA_FLOAT, group * outputs + o);
        Arrays.fill(sums, 0, large, start);
        for (int c = 0; c < channels; c++) {
          int channel = group * channels + c;
          long at = ((long) image * groups * channels + channel) * small;
          MemorySegment.copy(x, JAVA_FLOAT, 4 * at, plane, 0, small);
          spread(plane, ((long) channel * outputs + o) * window.taps(), sums);
        }
        MemorySegment.copy(sums, 0, out, JAVA_FLOAT, 4L * i * large, large);
      }
    }

    private void spread(float[] plane, long kernel, float[] sums) {
      int[] sizes = window.kernel();
      for (int tap = 0; tap < window.taps(); tap++) {
        int w = tap % sizes[2];
        int h = tap / sizes[2] % sizes[1];
        int d = tap / sizes[2] / sizes[1];
        float weight = weights.getAtIndex(JAVA_FLOAT, kernel + tap);
        for (int i = window.first(0, d); i < window.last(0, d); i++) {
          for (int j = window.first(1, h); j < window.last(1, h); j++) {
            int row =
                (window.source(0, i, d) * window.input()[1] + window.source(1, j, h))
                    * window.input()[2];
            int from = (i * window.output()[1] + j) * window.output()[2];
            for (int p = window.first(2, w); p < window.last(2, w); p++) {
              sums[row + window.source(2, p, w)] += weight * plane[from + p];
            }
          }
        }
      }
    }
  }
}
