package falcon.torch;

import java.util.List;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;

/// Sums of products of a layer's inputs and outputs in float64, so that chunks can be added up.
///
/// ```
/// gram = Σ x xᵀ [k, k],  cross = Σ x yᵀ [k, o],  Σ x [k],  Σ y [o]     over rows
/// ```
final class LayerSums {
  private final double[] gram;
  private final double[] cross;
  private final double[] inputSum;
  private final double[] outputSum;
  private long rows;

  private LayerSums(
      double[] gram, double[] cross, double[] inputSum, double[] outputSum, long rows) {
    this.gram = gram;
    this.cross = cross;
    this.inputSum = inputSum;
    this.outputSum = outputSum;
    this.rows = rows;
  }

  /// @param x `[rows, k]`
  /// @param y `[rows, o]`
  static LayerSums of(Tensor x, Tensor y) {
    Tensor transposed = x.t();
    return new LayerSums(
        Torch.doubles(transposed.mm(x)),
        Torch.doubles(transposed.mm(y)),
        Torch.doubles(x.sum(new long[] {0}, false, new ScalarTypeOptional())),
        Torch.doubles(y.sum(new long[] {0}, false, new ScalarTypeOptional())),
        x.size(0));
  }

  /// Adds up the chunks' sums, in order, into those of the first chunk.
  ///
  /// @param parts of each chunk the sums of each group
  static LayerSums join(List<List<LayerSums>> parts, int group) {
    LayerSums joined = parts.getFirst().get(group);
    for (List<LayerSums> part : parts.subList(1, parts.size())) {
      LayerSums other = part.get(group);
      add(joined.gram, other.gram);
      add(joined.cross, other.cross);
      add(joined.inputSum, other.inputSum);
      add(joined.outputSum, other.outputSum);
      joined.rows += other.rows;
    }
    return joined;
  }

  /// sum ← sum + values.
  static void add(double[] sum, double[] values) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += values[i];
    }
  }

  double inputMean(int i) {
    return inputSum[i] / rows;
  }

  double outputMean(int c) {
    return outputSum[c] / rows;
  }

  /// @return `[k, k]`, of the inputs less their means if `isCentred`
  double[] gram(boolean isCentred) {
    if (!isCentred) {
      return gram;
    }
    double[] centred = centred(gram, inputSum);
    int k = inputSum.length;
    for (int i = 0; i < k; i++) { // an input that never changes may end below zero by rounding
      centred[i * k + i] = Math.max(0, centred[i * k + i]);
    }
    return centred;
  }

  /// @return `[k, o]`, of inputs and outputs less their means if `isCentred`
  double[] cross(boolean isCentred) {
    return isCentred ? centred(cross, outputSum) : cross;
  }

  /// Σ (x − x̄)(y − ȳ)ᵀ = Σ x yᵀ − Σx Σyᵀ / rows.
  private double[] centred(double[] products, double[] columnSum) {
    int columns = columnSum.length;
    var centred = new double[products.length];
    for (int i = 0; i < inputSum.length; i++) {
      for (int j = 0; j < columns; j++) {
        centred[i * columns + j] = products[i * columns + j] - inputSum[i] * columnSum[j] / rows;
      }
    }
    return centred;
  }
}
