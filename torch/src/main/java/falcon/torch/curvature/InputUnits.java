package falcon.torch.curvature;

/// Units of a layer's inputs: their root mean squares, in which the second moments of the inputs
/// are a matrix of correlations. A weight in these units is the weight times the unit of its input.
///
/// A ridge in these units does not depend on how a network's channels are scaled: an input times s
/// and its weights over s leave everything as it was.
///
/// Rows whose squares sum to next to nothing (below 1e-12 of the mean) have the unit of that sum.
public final class InputUnits {
  /// Least second moment, as a share of the layer's mean.
  private static final double LEAST = 1e-12;

  private InputUnits() {}

  /// Returns the units of one group's inputs.
  ///
  /// @param diagonal diagonal of H, `[k]`, zero or more
  /// @return `[k]`, above 0, their mean square 1 or so; all 1 where H is zero
  static float[] of(double[] diagonal) {
    double mean = 0;
    for (double value : diagonal) {
      mean += value / diagonal.length;
    }
    var units = new float[diagonal.length];
    for (int i = 0; i < units.length; i++) {
      units[i] = mean > 0 ? (float) Math.sqrt(Math.max(diagonal[i] / mean, LEAST)) : 1;
    }
    return units;
  }
}
