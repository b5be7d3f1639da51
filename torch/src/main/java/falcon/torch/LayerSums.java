package falcon.torch;

import java.util.Arrays;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// Sums of products of a layer's inputs and outputs in float64, so that chunks and uses can be added up.
///
/// ```
/// gram = Σ x xᵀ [k, k],  cross = Σ x yᵀ [k, o],  Σ x [k],  Σ y [o]     over rows, for each group
/// ```
final class LayerSums implements LayerFit {
  /// Bytes of the chunks' sums that are held at a time.
  private static final long MOST_BYTES = 512L << 20;

  /// Chunks whose sums are held at a time in any case, so that several threads have work.
  private static final int LEAST_CHUNKS = 4;

  /// Matrices of the size of the inputs' products that are held at a time: of chunks, and their sum.
  private static final int COPIES = LEAST_CHUNKS + 1;

  /// Bytes that there are in any case: 1,295 inputs.
  private static final long SMALL_BYTES = 64L << 20;

  private final int inputs;
  private final int outputs;
  private final double[] gram;
  private final double[] cross;
  private final double[] inputSum;
  private final double[] outputSum;
  private long rows;

  private LayerSums(Tensor x, Tensor y) {
    Tensor transposed = x.transpose(1, 2);
    inputs = Math.toIntExact(x.size(2));
    outputs = Math.toIntExact(y.size(2));
    gram = Torch.doubles(transposed.bmm(x));
    cross = Torch.doubles(transposed.bmm(y));
    inputSum = Torch.doubles(x.sum(new long[] {1}, false, new ScalarTypeOptional()));
    outputSum = Torch.doubles(y.sum(new long[] {1}, false, new ScalarTypeOptional()));
    rows = x.size(1);
  }

  /// @param x `[g, rows, k]`
  /// @param y `[g, rows, o]`
  static LayerSums of(Tensor x, Tensor y) {
    return new LayerSums(x, y);
  }

  /// The sums of inputs alone: outputs count as none.
  ///
  /// @param x `[g, rows, k]`
  static LayerSums ofInputs(Tensor x) {
    return new LayerSums(x, x.narrow(2, 0, 0));
  }

  /// Whether the products of a layer's inputs fit into so many bytes, with the work on them. Small ones
  /// always do.
  static boolean fit(WeightOrder order, long bytes) {
    long needed =
        (long) COPIES * Double.BYTES * order.groups() * order.rowLength() * order.rowLength();
    return needed <= Math.max(bytes, SMALL_BYTES);
  }

  /// Adds up the sums of all chunks in order, a few at a time.
  ///
  /// @param layer whose sums they are
  /// @param before what they are added to, null at the start; changed
  static LayerSums ofChunks(
      LayerMatrix layer,
      @Nullable LayerSums before,
      int chunks,
      Workers workers,
      IntFunction<LayerSums> sums) {
    WeightOrder order = layer.order();
    long bytes =
        (long) Double.BYTES
            * order.groups()
            * order.rowLength()
            * ((long) order.rowLength() + order.outputs());
    int atOnce = (int) Math.min(chunks, Math.max(LEAST_CHUNKS, MOST_BYTES / bytes));
    LayerSums joined = before;
    for (int from = 0; from < chunks; from += atOnce) {
      int first = from;
      for (LayerSums part :
          workers.map(Math.min(atOnce, chunks - first), chunk -> sums.apply(first + chunk))) {
        joined = joined == null ? part : joined.plus(part);
      }
    }
    if (joined == null) {
      throw new IllegalArgumentException("there are no samples");
    }
    return joined;
  }

  /// Adds other sums to these.
  ///
  /// @return this
  LayerSums plus(LayerSums other) {
    add(gram, other.gram);
    add(cross, other.cross);
    add(inputSum, other.inputSum);
    add(outputSum, other.outputSum);
    rows += other.rows;
    return this;
  }

  private static void add(double[] sum, double[] values) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += values[i];
    }
  }

  @Override
  public double inputMean(int group, int i) {
    return inputSum[group * inputs + i] / rows;
  }

  @Override
  public double outputMean(int group, int c) {
    return outputSum[group * outputs + c] / rows;
  }

  @Override
  public float[] solve(
      Reconstruction.Solver solver,
      Group group,
      boolean isCentred,
      float[] present,
      int[] indexes) {
    return solver.solve(
        new LayerProblem(
            group.layer().tensorName(),
            inputs,
            outputs,
            gram(group.number(), isCentred),
            cross(group.number(), isCentred),
            present,
            indexes));
  }

  /// @return `[k, k]`, of the inputs less their means if `isCentred`
  double[] gram(int group, boolean isCentred) {
    double[] part = part(gram, group, inputs * inputs);
    if (!isCentred) {
      return part;
    }
    double[] centred = centred(part, group, inputSum, inputs);
    for (int i = 0; i < inputs; i++) { // an input that never changes may end below zero by rounding
      centred[i * inputs + i] = Math.max(0, centred[i * inputs + i]);
    }
    return centred;
  }

  /// @return `[k, o]`, of inputs and outputs less their means if `isCentred`
  double[] cross(int group, boolean isCentred) {
    double[] part = part(cross, group, inputs * outputs);
    return isCentred ? centred(part, group, outputSum, outputs) : part;
  }

  /// The group's part: the array itself where there is but one.
  private static double[] part(double[] all, int group, int length) {
    return all.length == length
        ? all
        : Arrays.copyOfRange(all, group * length, (group + 1) * length);
  }

  /// Σ (x − x̄)(y − ȳ)ᵀ = Σ x yᵀ − Σx Σyᵀ / rows.
  private double[] centred(double[] products, int group, double[] columnSum, int columns) {
    var centred = new double[products.length];
    for (int i = 0; i < inputs; i++) {
      double x = inputSum[group * inputs + i];
      for (int j = 0; j < columns; j++) {
        centred[i * columns + j] =
            products[i * columns + j] - x * columnSum[group * columns + j] / rows;
      }
    }
    return centred;
  }
}
