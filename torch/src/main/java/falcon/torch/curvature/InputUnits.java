package falcon.torch.curvature;

/// Units of the inputs of one group of a layer: their root mean squares, in which the second
/// moments of the inputs are a matrix of correlations. A weight in these units is the weight times
/// the unit of its input.
///
/// A ridge in these units does not depend on how a network's channels are scaled: an input times s
/// and its weights over s leave everything as it was.
///
/// An input whose second moment is next to nothing (below 1e-12 of the mean) has the unit of that
/// share.
final class InputUnits {
  /// Least second moment, as a share of the layer's mean.
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
  static InputUnits of(double[] diagonal) {
    double mean = 0;
    for (double value : diagonal) {
      mean += value / diagonal.length;
    }
    var units = new float[diagonal.length];
    for (int i = 0; i < units.length; i++) {
      units[i] = mean > 0 ? (float) Math.sqrt(Math.max(diagonal[i] / mean, LEAST)) : 1;
    }
    return new InputUnits(units, mean);
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
