package falcon.torch.curvature;

import java.util.Arrays;

/// Units of the inputs of one group of a layer: their root mean squares, in which the second
/// moments of the inputs are a matrix of correlations. A weight in these units is the weight times
/// the unit of its input.
///
/// ```
/// unit_j² ∝ (p_j + 0.01 p̄) / n_j      p_j = h_j n_j,  n_j = Σ_i w_ij² / Σ_j w_ij² h_j
/// ```
///
/// with h the second moments, p̄ the mean of p, the inputs' shares of the outputs, and a factor
/// with which the mean diagonal of H is 1. An input of next to nothing counts for a hundredth of
/// a usual one, since other samples may use it more: without that, a layer that is fitted on few
/// samples gives it weights that are far too large. A ridge in these units does not depend on how
/// a network's channels are scaled: an input times s and its weights over s leave everything as
/// it was, and so does an output times s.
final class InputUnits {
  /// Share of the mean that is added to every input's.
  private static final double PRIOR = 0.01;

  /// Least second moment of an input that has no weights, as a share of the layer's mean.
  private static final double LEAST = 1e-12;

  private final float[] units;
  private final double mean;

  private InputUnits(float[] units, double mean) {
    this.units = units;
    this.mean = mean;
  }

  /// Returns the units of one group's inputs.
  ///
  /// @param diagonal diagonal of H, `[k]`, zero or more
  /// @param weights weights of the group, `[o, k]`; read only
  static InputUnits of(double[] diagonal, float... weights) {
    int k = diagonal.length;
    double mean = Arrays.stream(diagonal).average().orElse(0);
    var units = new float[k];
    if (!(mean > 0)) {
      Arrays.fill(units, 1);
      return new InputUnits(units, mean);
    }
    double[] columns = columns(diagonal, weights);
    double usual = 0;
    for (int j = 0; j < k; j++) {
      usual += diagonal[j] * columns[j] / k;
    }
    var moments = new double[k];
    double share = 0; // mean of the diagonal in these units
    for (int j = 0; j < k; j++) {
      double own = columns[j] > 0 ? diagonal[j] + PRIOR * usual / columns[j] : diagonal[j];
      moments[j] = Math.clamp(own / mean, LEAST, 1 / LEAST);
      share += diagonal[j] / mean / moments[j] / k;
    }
    for (int j = 0; j < k; j++) {
      units[j] = (float) Math.sqrt(moments[j] * share);
    }
    return new InputUnits(units, mean);
  }

  /// Returns n of each input.
  private static double[] columns(double[] diagonal, float... weights) {
    int k = diagonal.length;
    var columns = new double[k];
    for (int row = 0; row < weights.length; row += k) {
      double power = 0;
      for (int j = 0; j < k; j++) {
        power += (double) weights[row + j] * weights[row + j] * diagonal[j];
      }
      for (int j = 0; j < k && power > 0; j++) {
        columns[j] += (double) weights[row + j] * weights[row + j] / power;
      }
    }
    return columns;
  }

  /// Returns the units, `[k]`, above 0, of a mean square of 1 or so; all 1 where H is zero. They
  /// are not copied.
  float[] values() {
    return units;
  }

  /// Returns the factor of H for which its mean diagonal is 1; 1 where H is zero.
  double scale() {
    return mean > 0 ? 1 / mean : 1;
  }

  /// Multiplies the weights of rows `[o, k]` by the units of their inputs, in place.
  void apply(float[] rows) {
    for (int i = 0; i < rows.length; i++) {
      rows[i] *= units[i % units.length];
    }
  }

  /// Divides the weights of rows `[o, k]` by the units of their inputs, in place.
  void undo(float[] rows) {
    for (int i = 0; i < rows.length; i++) {
      rows[i] /= units[i % units.length];
    }
  }
}
