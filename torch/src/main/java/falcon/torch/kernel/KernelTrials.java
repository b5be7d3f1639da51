package falcon.torch.kernel;

import falcon.torch.Torch;
import falcon.torch.kernel.ReferenceConvolution.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Computes each [Kernel] on small inputs of risky shapes and compares the results with plain loops
/// in float64.
///
/// A wrong kernel may read or write memory outside its tensors, so this runs in a separate process
/// ([KernelProcess]).
final class KernelTrials {
  /// Greatest difference attributed to rounding in float32, relative to the greatest result. Sums
  /// here have at most some 2,000 terms of similar size, for which rounding causes at most 1e-5.
  private static final double FLOAT_TOLERANCE = 1e-4;

  private static final double DOUBLE_TOLERANCE = 1e-12;

  /// Greatest difference attributed to rounding in bfloat16, whose numbers have 8 binary digits.
  private static final double BFLOAT16_TOLERANCE = 3e-2;

  /// Batch sizes: oneDNN and libtorch choose different code for one sample, for few, and from 16
  /// on.
  private static final List<Integer> BATCHES = List.of(1, 2, 17);

  /// The memory layout of a tensor.
  private enum Memory {
    CHANNELS_LAST("channels last"),
    ROW_MAJOR("row-major"),
    /// Some of the channels of a larger tensor.
    VIEW("a view");

    private final String text;

    Memory(String text) {
      this.text = text;
    }
  }

  private final SplittableRandom random = new SplittableRandom(7);

  private static final List<Shape> DENSE =
      List.of(
          Shape.of(1, 3, 16, 2, 3),
          Shape.of(1, 3, 20, 2, 3).moving(2, 1),
          Shape.of(1, 1, 6, 2, 3),
          Shape.of(1, 48, 16, 2, 3).moving(2, 1),
          Shape.of(1, 16, 32, 2, 3),
          Shape.of(1, 5, 9, 2, 3),
          Shape.of(1, 12, 20, 2, 3),
          Shape.of(1, 20, 20, 2, 3),
          Shape.of(1, 24, 36, 2, 3),
          Shape.of(1, 36, 16, 2, 3).moving(2, 1),
          Shape.of(1, 60, 24, 2, 3).moving(1, 2),
          Shape.of(1, 132, 20, 2, 1),
          Shape.of(1, 24, 24, 2, 1).moving(2, 1),
          Shape.of(1, 100, 12, 2, 1),
          Shape.of(1, 20, 24, 1, 3),
          Shape.of(1, 3, 16, 1, 4),
          Shape.of(1, 5, 20, 3, 3));

  private static final List<Shape> GROUPED =
      List.of(
          Shape.of(2, 2, 3, 2, 3),
          Shape.of(4, 2, 2, 2, 3),
          Shape.of(2, 24, 24, 2, 3),
          Shape.of(3, 20, 12, 2, 3).moving(2, 1),
          Shape.of(8, 4, 4, 2, 3),
          Shape.of(16, 4, 4, 2, 1),
          Shape.of(20, 1, 1, 2, 3),
          Shape.of(36, 1, 1, 2, 3).moving(2, 1),
          Shape.of(16, 1, 1, 2, 3),
          Shape.of(6, 1, 2, 2, 3),
          Shape.of(3, 4, 5, 1, 3),
          Shape.of(20, 1, 1, 1, 5),
          Shape.of(4, 1, 1, 3, 3).moving(1, 2),
          Shape.of(2, 3, 5, 3, 3));

  private static final List<Shape> TRANSPOSED =
      List.of(
          Shape.of(1, 20, 24, 2, 3).transposed(),
          Shape.of(1, 24, 20, 2, 2).moving(2, 1).transposed(),
          Shape.of(1, 16, 16, 2, 3).moving(2, 1).transposed(),
          Shape.of(2, 3, 2, 2, 3).moving(2, 1).transposed(),
          Shape.of(6, 1, 1, 2, 3).transposed(),
          Shape.of(1, 4, 6, 1, 3).moving(2, 1).transposed(),
          Shape.of(1, 20, 5, 1, 3).transposed(),
          Shape.of(1, 3, 5, 1, 4).transposed(),
          Shape.of(1, 3, 16, 2, 3).transposed(),
          Shape.of(1, 5, 7, 3, 2).transposed());

  /// Tries a kernel.
  ///
  /// @return the fault, null if the kernel is right
  @Nullable String fault(Kernel kernel) {
    return switch (kernel) {
      case PRODUCTS -> products();
      case ACTIVATIONS -> activations();
      case BFLOAT16_PRODUCTS -> bfloat16Products();
      case CONVOLUTION -> convolutions(DENSE, Convolution::direct);
      case GROUPED_CONVOLUTION -> convolutions(GROUPED, Convolution::direct);
      case TRANSPOSED_CONVOLUTION -> convolutions(TRANSPOSED, Convolution::direct);
      case ALIGNED_CONVOLUTION -> convolutions(DENSE, AlignedConvolution::run);
      case ALIGNED_GROUPED_CONVOLUTION -> convolutions(GROUPED, AlignedConvolution::run);
      case ALIGNED_TRANSPOSED_CONVOLUTION -> convolutions(TRANSPOSED, AlignedConvolution::run);
      case FUSED_CONVOLUTION -> fused(DENSE, false);
      case FUSED_GROUPED_CONVOLUTION -> fused(GROUPED, false);
      case ALIGNED_FUSED_CONVOLUTION -> fused(DENSE, true);
      case ALIGNED_FUSED_GROUPED_CONVOLUTION -> fused(GROUPED, true);
      case ROW_CONVOLUTION ->
          first(
              convolutions(DENSE, RowConvolution::run),
              convolutions(GROUPED, RowConvolution::run),
              convolutions(TRANSPOSED, RowConvolution::run));
    };
  }

  private static @Nullable String first(@Nullable String... faults) {
    return Arrays.stream(faults).filter(fault -> fault != null).findFirst().orElse(null);
  }

  /// Tries convolutions of some shapes.
  ///
  /// @return the fault, null if all are right
  @Nullable String convolutions(List<Shape> shapes, Function<Convolution, Tensor> computation) {
    for (Shape shape : shapes) {
      for (int batch : BATCHES) {
        var problem = new ReferenceConvolution(shape, batch, random);
        for (Memory memory : Memory.values()) {
          String fault = gradients(problem, computation, memory);
          if (fault != null) {
            return at(fault, shape, batch, memory);
          }
        }
      }
    }
    return null;
  }

  private static String at(String fault, Shape shape, int batch, Memory memory) {
    return "%s: %s, batch %d, %s".formatted(fault, shape, batch, memory.text);
  }

  /// Compares the result and both gradients.
  private static @Nullable String gradients(
      ReferenceConvolution problem, Function<Convolution, Tensor> computation, Memory memory) {
    try (var _ = new PointerScope()) {
      Tensor x = tensor(problem.x(), problem.xShape(), memory);
      Tensor w = tensor(problem.w(), problem.wShape(), memory);
      Tensor bias = tensor(problem.bias(), List.of((long) problem.bias().length), Memory.ROW_MAJOR);
      x.requires_grad_(true);
      w.requires_grad_(true);
      Tensor y = computation.apply(problem.convolution(x, w, bias));
      String fault = difference("result", Torch.doubles(y), problem.y(), FLOAT_TOLERANCE);
      if (fault != null) {
        return fault;
      }
      y.backward(
          tensor(problem.g(), problem.yShape(), memory),
          new BoolOptional(false),
          false,
          new TensorArrayRefOptional());
      fault =
          difference("gradient of inputs", Torch.doubles(x.grad()), problem.gx(), FLOAT_TOLERANCE);
      return fault != null
          ? fault
          : difference(
              "gradient of weights", Torch.doubles(w.grad()), problem.gw(), FLOAT_TOLERANCE);
    }
  }

  /// Tries fused convolutions of two spatial axes; filters packed for one batch are used with
  /// another.
  private @Nullable String fused(List<Shape> shapes, boolean isAligned) {
    if (!FusedConvolution.isAvailable()) {
      return "this libtorch has no fused convolutions";
    }
    for (Shape shape : shapes) {
      if (shape.axes() != 2) {
        continue;
      }
      for (int batch : BATCHES) {
        var problem = new ReferenceConvolution(shape, batch, random);
        for (boolean adds : new boolean[] {false, true}) {
          for (Memory memory : Memory.values()) {
            String fault = fused(problem, shape, isAligned, adds, memory);
            if (fault != null) {
              return at(fault, shape, batch, memory);
            }
          }
        }
      }
    }
    return null;
  }

  private static @Nullable String fused(
      ReferenceConvolution problem, Shape shape, boolean isAligned, boolean adds, Memory memory) {
    try (var _ = new PointerScope()) {
      Tensor x = tensor(problem.x(), problem.xShape(), memory);
      Tensor w = tensor(problem.w(), problem.wShape(), memory);
      Tensor bias = tensor(problem.bias(), List.of((long) problem.bias().length), Memory.ROW_MAJOR);
      Tensor other = adds ? tensor(problem.g(), problem.yShape(), memory) : null;
      var layout = AlignedConvolution.of(shape.groups(), shape.inputs(), shape.outputs(), 2, false);
      Convolution convolution = problem.convolution(x, w, bias);
      if (isAligned) {
        convolution =
            convolution.with(layout.input(x), layout.weight(w), layout.bias(bias), layout.groups());
        other = other == null ? null : layout.outputLike(other);
      }
      Tensor packed = FusedConvolution.packed(convolution);
      Tensor y =
          FusedConvolution.call(
              convolution.with(convolution.x(), packed, convolution.bias(), convolution.groups()),
              other,
              true);
      double[] wanted =
          IntStream.range(0, problem.y().length)
              .mapToDouble(i -> Math.max(0, problem.y()[i] + (adds ? problem.g()[i] : 0)))
              .toArray();
      return difference(
          "fused result", Torch.doubles(isAligned ? layout.output(y) : y), wanted, FLOAT_TOLERANCE);
    }
  }

  /// Tries products A B, A Bᵀ and Gram matrices Aᵀ A of sizes around those that kernels are
  /// specialised for.
  private @Nullable String products() {
    for (int[] size : new int[][] {{1, 7, 5}, {7, 33, 17}, {48, 130, 20}, {70, 65, 129}}) {
      for (boolean isDouble : new boolean[] {false, true}) {
        String fault = product(size[0], size[1], size[2], isDouble);
        if (fault != null) {
          return "%s in %s: %s"
              .formatted(fault, isDouble ? "float64" : "float32", Arrays.toString(size));
        }
      }
    }
    return null;
  }

  private @Nullable String product(int m, int k, int n, boolean isDouble) {
    double[] a = numbers(m * k);
    double[] b = numbers(k * n);
    double tolerance = isDouble ? DOUBLE_TOLERANCE : FLOAT_TOLERANCE;
    var type = isDouble ? torch.ScalarType.Double : torch.ScalarType.Float;
    try (var _ = new PointerScope()) {
      Tensor left = Torch.scoped(a, List.of((long) m, (long) k)).to(type);
      Tensor right = Torch.scoped(b, List.of((long) k, (long) n)).to(type);
      Tensor turned = right.t().contiguous().t();
      double[] ab = product(a, b, m, k, n);
      double[] gram = product(transposed(a, m, k), a, k, m, k);
      return first(
          difference("product", Torch.doubles(left.mm(right)), ab, tolerance),
          difference("product with a transpose", Torch.doubles(left.mm(turned)), ab, tolerance),
          difference(
              "batched product",
              Torch.doubles(left.unsqueeze(0).bmm(right.unsqueeze(0))),
              ab,
              tolerance),
          difference("Gram matrix", Torch.doubles(left.t().mm(left)), gram, tolerance));
    }
  }

  private @Nullable String bfloat16Products() {
    for (int[] size : new int[][] {{7, 33, 17}, {48, 130, 20}, {70, 65, 129}, {128, 512, 300}}) {
      int m = size[0];
      int k = size[1];
      int n = size[2];
      double[] a = numbers(m * k);
      double[] b = numbers(n * k);
      try (var _ = new PointerScope()) {
        Tensor left = Torch.scoped(a, List.of((long) m, (long) k)).to(torch.ScalarType.BFloat16);
        Tensor right = Torch.scoped(b, List.of((long) n, (long) k)).to(torch.ScalarType.BFloat16);
        String fault =
            difference(
                "product",
                Torch.doubles(left.mm(right.t())),
                product(a, transposed(b, n, k), m, k, n),
                BFLOAT16_TOLERANCE);
        if (fault != null) {
          return "%s in bfloat16: %s".formatted(fault, Arrays.toString(size));
        }
      }
    }
    return null;
  }

  /// Tries activations alone, then three steps of an LSTM's cell as `Recurrent` computes them.
  private @Nullable String activations() {
    double[] values = numbers(1000);
    for (int i = 0; i < values.length; i++) {
      values[i] *= 8;
    }
    try (var _ = new PointerScope()) {
      Tensor x = tensor(values, List.of((long) values.length), Memory.ROW_MAJOR);
      return first(
          difference(
              "sigmoid",
              Torch.doubles(x.sigmoid()),
              mapped(values, KernelTrials::sigmoid),
              FLOAT_TOLERANCE),
          difference("tanh", Torch.doubles(x.tanh()), mapped(values, Math::tanh), FLOAT_TOLERANCE),
          difference("exp", Torch.doubles(x.exp()), mapped(values, Math::exp), FLOAT_TOLERANCE),
          difference(
              "sqrt",
              Torch.doubles(x.square().add(new Scalar(1.0)).sqrt()),
              mapped(values, v -> Math.sqrt(v * v + 1)),
              FLOAT_TOLERANCE),
          recurrentCell());
    }
  }

  private @Nullable String recurrentCell() {
    int batch = 3;
    int hidden = 20;
    double[] x = numbers(batch * hidden);
    double[] weights = numbers(hidden * 4 * hidden);
    var h = x.clone();
    var c = new double[batch * hidden];
    Tensor w = tensor(weights, List.of((long) hidden, 4L * hidden), Memory.ROW_MAJOR);
    Tensor ht = tensor(h, List.of((long) batch, (long) hidden), Memory.ROW_MAJOR);
    Tensor ct = torch.zeros(batch, hidden);
    for (int step = 0; step < 3; step++) {
      Tensor gates = ht.mm(w);
      Tensor in = gates.narrow(1, 0, hidden).sigmoid();
      Tensor out = gates.narrow(1, hidden, hidden).sigmoid();
      Tensor forget = gates.narrow(1, 2L * hidden, hidden).sigmoid();
      Tensor cell = gates.narrow(1, 3L * hidden, hidden).tanh();
      ct = forget.mul(ct).add(in.mul(cell));
      ht = out.mul(ct.tanh());
      double[] sums = product(h, weights, batch, hidden, 4 * hidden);
      for (int i = 0; i < h.length; i++) {
        int at = i / hidden * 4 * hidden + i % hidden;
        c[i] =
            sigmoid(sums[at + 2 * hidden]) * c[i]
                + sigmoid(sums[at]) * Math.tanh(sums[at + 3 * hidden]);
        h[i] = sigmoid(sums[at + hidden]) * Math.tanh(c[i]);
      }
    }
    return difference("LSTM", Torch.doubles(ht), h, FLOAT_TOLERANCE);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[] mapped(double[] values, java.util.function.DoubleUnaryOperator function) {
    return Arrays.stream(values).map(function).toArray();
  }

  private double[] numbers(int count) {
    return random.doubles(count, -1, 1).map(v -> (float) v).toArray();
  }

  private static double[] product(double[] a, double[] b, int m, int k, int n) {
    var c = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int l = 0; l < k; l++) {
        for (int j = 0; j < n; j++) {
          c[i * n + j] += a[i * k + l] * b[l * n + j];
        }
      }
    }
    return c;
  }

  private static double[] transposed(double[] a, int rows, int columns) {
    var t = new double[a.length];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        t[j * rows + i] = a[i * columns + j];
      }
    }
    return t;
  }

  private static Tensor tensor(double[] values, List<Long> shape, Memory memory) {
    Tensor rowMajor = Torch.scoped(values, shape).to(torch.ScalarType.Float);
    return switch (memory) {
      case ROW_MAJOR -> rowMajor;
      case CHANNELS_LAST -> AlignedConvolution.channelsLast(rowMajor);
      case VIEW ->
          AlignedConvolution.channelsLast(Torch.extended(rowMajor, 1, 3))
              .narrow(1, 0, rowMajor.size(1));
    };
  }

  /// Compares a result with the wanted one.
  ///
  /// @return the fault, null if there is none
  private static @Nullable String difference(
      String what, double[] got, double[] wanted, double tolerance) {
    double greatest = 0;
    double error = 0;
    for (int i = 0; i < wanted.length; i++) {
      greatest = Math.max(greatest, Math.abs(wanted[i]));
      double d = got.length == wanted.length ? Math.abs(got[i] - wanted[i]) : Double.NaN;
      error = Double.isFinite(d) ? Math.max(error, d) : Double.POSITIVE_INFINITY;
    }
    return error <= tolerance * greatest
        ? null
        : "%s off by %.1g where the greatest is %.1g".formatted(what, error, greatest);
  }
}
