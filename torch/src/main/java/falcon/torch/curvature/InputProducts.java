package falcon.torch.curvature;

import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.kernel.Workers;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.layer.WeightOrder;
import java.io.Serializable;
import java.util.List;
import java.util.function.IntFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Sums of products of a layer's inputs and outputs in float64, so that chunks and uses can be
/// added.
///
/// ```
/// gram = Σ x xᵀ [k, k],  cross = Σ x yᵀ [k, o],  Σ x [k],  Σ y [o]     over rows, for each group
/// ```
///
/// The products of a chunk are float32; they become float64 when others are added to them. They are
/// held by libtorch, outside the Java heap, and released when this object is closed.
public final class InputProducts implements LayerFit {
  /// Greatest number of bytes of the chunks' sums that are held at a time.
  private static final long MOST_BYTES = 512L << 20;

  /// Number of chunks whose sums are held at a time in any case, so that several threads have work.
  private static final int LEAST_CHUNKS = 4;

  /// Number of matrices of the size of the inputs' products that are held at a time: those of
  /// chunks, and their sum.
  private static final int COPIES = LEAST_CHUNKS + 1;

  /// Bytes that are available in any case, for 1,295 inputs.
  private static final long SMALL_BYTES = 64L << 20;

  private final int inputs;
  private final int outputs;
  private Tensor gram;
  private Tensor cross;
  private final double[] inputSum;
  private final double[] outputSum;
  private long rows;

  private InputProducts(Tensor x, Tensor y) {
    Tensor transposed = x.transpose(1, 2);
    inputs = Math.toIntExact(x.size(2));
    outputs = Math.toIntExact(y.size(2));
    Tensor own = transposed.bmm(x);
    // No product is greater than those on the diagonal.
    gram = Torch.keep(isFinite(own.diagonal(0, 1, 2)) ? own : wideProduct(transposed, x));
    Tensor other = transposed.bmm(y);
    cross = Torch.keep(isFinite(other) ? other : wideProduct(transposed, y));
    inputSum = overRows(x);
    outputSum = overRows(y);
    rows = x.size(1);
  }

  /// Returns in float64 a product that float32 cannot represent.
  private static Tensor wideProduct(Tensor transposed, Tensor y) {
    return transposed.to(torch.ScalarType.Double).bmm(y.to(torch.ScalarType.Double));
  }

  /// @return `[g · columns]`, added in float64 where float32 cannot represent a sum
  private static double[] overRows(Tensor values) {
    Tensor sums = values.sum(new long[] {1}, false, new ScalarTypeOptional());
    return Torch.doubles(
        isFinite(sums)
            ? sums
            : values.sum(new long[] {1}, false, new ScalarTypeOptional(torch.ScalarType.Double)));
  }

  private static boolean isFinite(Tensor values) {
    var wide = new ScalarTypeOptional(torch.ScalarType.Double);
    return Double.isFinite(values.sum(wide).item_double());
  }

  /// Requires that all sums are finite.
  ///
  /// @param tensorName name of the layer's weight tensor
  /// @throws UnsupportedNetworkException if a sum is not finite: names the layer
  void requireFinite(String tensorName) {
    try (var _ = new PointerScope()) {
      if (!isFinite(gram) || !isFinite(cross)) {
        throw notFinite(tensorName);
      }
    }
  }

  private static double[] finite(double[] values, Group group) {
    for (double value : values) {
      if (!Double.isFinite(value)) {
        throw notFinite(group.layer().tensorName());
      }
    }
    return values;
  }

  static UnsupportedNetworkException notFinite(String tensorName) {
    return new UnsupportedNetworkException(
        "Layer '%s' gets or makes values that are not finite.%nThe network's values overflow on this data; check the preprocessing and the weights."
            .formatted(tensorName));
  }

  private InputProducts(Sent sent) {
    inputs = sent.inputs;
    outputs = sent.outputs;
    gram = tensor(sent.gram, sent.groups, inputs, inputs);
    cross = tensor(sent.cross, sent.groups, inputs, outputs);
    inputSum = sent.inputSum;
    outputSum = sent.outputSum;
    rows = sent.rows;
  }

  /// Sums on their way to another process.
  ///
  /// @param gram `float[]` or `double[]`, as wide as they are
  /// @param cross `float[]` or `double[]`
  @SuppressWarnings("ArrayRecordComponent") // on its way to another process
  record Sent(
      int groups,
      int inputs,
      int outputs,
      Object gram,
      Object cross,
      double[] inputSum,
      double[] outputSum,
      long rows)
      implements Serializable {
    /// Returns the sums, closed by the caller.
    InputProducts received() {
      return new InputProducts(this);
    }
  }

  /// Returns the sums as arrays, and closes this object.
  Sent sent() {
    var sent =
        new Sent(
            Math.toIntExact(gram.size(0)),
            inputs,
            outputs,
            array(gram),
            array(cross),
            inputSum,
            outputSum,
            rows);
    close();
    return sent;
  }

  private static Object array(Tensor values) {
    try (var _ = new PointerScope()) {
      return Torch.type(values) == torch.ScalarType.Double
          ? Torch.doubles(values)
          : Torch.floats(values);
    }
  }

  private static Tensor tensor(Object values, int groups, int rows, int columns) {
    List<Long> shape = List.of((long) groups, (long) rows, (long) columns);
    try (var _ = new PointerScope()) {
      return Torch.keep(
          values instanceof float[] floats
              ? Torch.scoped(floats, shape, Precision.FLOAT32)
              : Torch.scoped((double[]) values, shape));
    }
  }

  /// Returns the products of rows of inputs and wanted outputs.
  ///
  /// @param x `[g, rows, k]`
  /// @param y `[g, rows, o]`
  public static InputProducts of(Tensor x, Tensor y) {
    return new InputProducts(x, y);
  }

  /// Returns the sums of inputs alone, with no outputs.
  ///
  /// @param x `[g, rows, k]`
  static InputProducts ofInputs(Tensor x) {
    return new InputProducts(x, x.narrow(2, 0, 0));
  }

  /// Returns whether the products of a layer's inputs, with their scratch memory, fit into `bytes`
  /// bytes. Small ones always do.
  public static boolean fit(WeightOrder order, long bytes) {
    long needed =
        (long) COPIES * Double.BYTES * order.groups() * order.rowLength() * order.rowLength();
    return needed <= Math.max(bytes, SMALL_BYTES);
  }

  /// Adds the sums of all chunks in order, a few at a time.
  ///
  /// @param layer the layer that the sums belong to
  /// @param before the sums that they are added to, null at the start; handed over
  public static InputProducts ofChunks(
      LayerMatrix layer,
      @Nullable InputProducts before,
      int chunks,
      Workers workers,
      IntFunction<InputProducts> sums) {
    WeightOrder order = layer.order();
    long bytes =
        (long) Double.BYTES
            * order.groups()
            * order.rowLength()
            * ((long) order.rowLength() + order.outputs());
    int atOnce = (int) Math.min(chunks, Math.max(LEAST_CHUNKS, MOST_BYTES / bytes));
    InputProducts joined = before;
    for (int from = 0; from < chunks; from += atOnce) {
      int first = from;
      for (InputProducts part :
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
  /// @param other the other sums; closed by this method
  /// @return this
  public InputProducts plus(InputProducts other) {
    gram = sum(gram, other.gram);
    cross = sum(cross, other.cross);
    add(inputSum, other.inputSum);
    add(outputSum, other.outputSum);
    rows += other.rows;
    other.close();
    return this;
  }

  /// @param sum handed over
  /// @return float64
  private static Tensor sum(Tensor sum, Tensor values) {
    try (var _ = new PointerScope()) {
      if (Torch.type(sum) == torch.ScalarType.Double) {
        sum.add_(values);
        return sum;
      }
      Tensor wide = Torch.keep(sum.to(torch.ScalarType.Double).add_(values));
      sum.releaseReference();
      return wide;
    }
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
  public float[] solve(LeastSquaresSolver solver, Group group, boolean isCentred, float[] present) {
    return solver.solve(
        new LayerProblem(
            new LayerShape(group.layer().tensorName(), Math.toIntExact(rows), inputs, outputs),
            finite(gram(group.number(), isCentred), group),
            finite(cross(group.number(), isCentred), group),
            present,
            group::tensorIndex));
  }

  /// Returns the number of rows that were added up.
  long rows() {
    return rows;
  }

  /// Returns Σ x xᵀ `[g, k, k]`; valid until this object is closed.
  Tensor grams() {
    return gram;
  }

  /// @return `[k, k]`, of the inputs minus their means if `isCentred`; a new array
  private double[] gram(int group, boolean isCentred) {
    double[] products = part(gram, group);
    if (isCentred) {
      centre(products, group, inputSum, inputs);
      for (int i = 0; i < inputs; i++) { // A constant input may end below zero by rounding.
        products[i * inputs + i] = Math.max(0, products[i * inputs + i]);
      }
    }
    return products;
  }

  /// @return `[k, o]`, of inputs and outputs minus their means if `isCentred`; a new array
  private double[] cross(int group, boolean isCentred) {
    double[] products = part(cross, group);
    if (isCentred) {
      centre(products, group, outputSum, outputs);
    }
    return products;
  }

  private static double[] part(Tensor all, int group) {
    try (var _ = new PointerScope()) {
      return Torch.doubles(all.select(0, group));
    }
  }

  /// Centres products in place: Σ (x − x̄)(y − ȳ)ᵀ = Σ x yᵀ − Σx Σyᵀ / rows.
  private void centre(double[] products, int group, double[] columnSum, int columns) {
    for (int i = 0; i < inputs; i++) {
      double x = inputSum[group * inputs + i];
      for (int j = 0; j < columns; j++) {
        products[i * columns + j] -= x * columnSum[group * columns + j] / rows;
      }
    }
  }

  @Override
  public void close() {
    gram.releaseReference();
    cross.releaseReference();
  }
}
