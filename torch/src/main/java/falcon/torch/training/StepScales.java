package falcon.torch.training;

import falcon.torch.execution.LoadedNetwork;
import falcon.torch.gradient.OutputSensitivity;
import falcon.torch.kernel.Workers;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.layer.WeightOrder;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The sizes that learning rates are relative to, a number for each element of a tensor: a step of
/// every element changes the outputs by about as much.
///
/// ```
/// size_i = r / √d_i      r² = Σ θ_i² d_i / number of θ_i that are not zero
/// ```
///
/// with d the mean squared slopes of the dense network's outputs ([OutputSensitivity]), smoothed
/// for the weights of a layer: `d_ij = Σ_j d · Σ_i d / Σ d`. With an element times s its size
/// becomes s times as large, so that the steps of Adam do not depend on how channels are scaled.
final class StepScales {
  /// Seed of the signs in d.
  private static final long SEED = 1;

  private final LoadedNetwork dense;
  private final SampleSource samples;
  private final Workers workers;

  /// @param dense the network whose outputs count
  /// @param samples the first of them are used
  StepScales(LoadedNetwork dense, SampleSource samples, Workers workers) {
    this.dense = dense;
    this.samples = samples;
    this.workers = workers;
  }

  /// Returns d of some tensors of the dense network.
  Map<String, float[]> slopes(List<String> names) {
    return OutputSensitivity.of(dense, names, samples, SEED, workers);
  }

  /// Returns the sizes of a tensor's elements.
  ///
  /// @param values what the sizes are measured on, the tensor's elements or what they stand for
  /// @param slopes d of the tensor; where no output depends on it, sizes are the root mean square
  ///     of the values
  /// @return null if all values are zero
  float @Nullable [] of(String name, float[] values, float[] slopes) {
    double[] squares = smooth(name, slopes);
    double sum = 0;
    double plain = 0;
    int count = 0;
    for (int i = 0; i < values.length; i++) {
      double square = (double) values[i] * values[i];
      sum += square * squares[i];
      plain += square;
      count += values[i] != 0 ? 1 : 0;
    }
    if (count == 0) {
      return null;
    }
    var sizes = new float[values.length];
    if (!(sum > 0) || sum == Double.POSITIVE_INFINITY) {
      Arrays.fill(sizes, (float) Math.sqrt(plain / count));
      return sizes;
    }
    double root = Math.sqrt(sum / count);
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = squares[i] > 0 ? (float) (root / Math.sqrt(squares[i])) : 0;
    }
    return sizes;
  }

  /// Returns d, of a layer's weights the product of its sums over rows and columns.
  private double[] smooth(String name, float[] slopes) {
    var squares = new double[slopes.length];
    LayerMatrix layer = LayerMatrix.solvable(dense.program(), name);
    if (layer == null) {
      for (int i = 0; i < squares.length; i++) {
        squares[i] = slopes[i];
      }
      return squares;
    }
    WeightOrder order = layer.order();
    int k = order.rowLength();
    for (int group = 0; group < order.groups(); group++) {
      var columns = new double[k];
      var rows = new double[order.outputs()];
      for (int output = 0; output < rows.length; output++) {
        int[] indexes = order.indexes(group * rows.length + output, 1);
        for (int i = 0; i < k; i++) {
          rows[output] += slopes[indexes[i]];
          columns[i] += slopes[indexes[i]];
        }
      }
      double total = Arrays.stream(rows).sum();
      for (int output = 0; output < rows.length && total > 0; output++) {
        int[] indexes = order.indexes(group * rows.length + output, 1);
        for (int i = 0; i < k; i++) {
          squares[indexes[i]] = rows[output] * columns[i] / total;
        }
      }
    }
    return squares;
  }
}
