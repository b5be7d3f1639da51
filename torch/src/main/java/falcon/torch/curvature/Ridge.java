package falcon.torch.curvature;

/// The ridge κ of a layer's least squares, in units of the inputs (`InputUnits`):
/// a number, and how it grows where a layer has few rows for its inputs.
///
/// ```
/// κ = least                            from 8 rows for each input on
/// κ = least · (8 inputs / rows)^1.5    for fewer rows, at most 100 · least
/// ```
///
/// The fewer rows there are, the more of what they say about the weights is chance, and the nearer
/// the weights must stay to the present ones. Reference point, exponent and limit were chosen on
/// measurements (`docs/results/few-samples.md`).
public final class Ridge {
  /// Rows for each input from which on the ridge is the least one.
  private static final double ENOUGH_ROWS = 8;

  /// Exponent by which the ridge grows as rows fall.
  private static final double EXPONENT = 1.5;

  /// Greatest multiple of the least ridge.
  private static final double GREATEST_GROWTH = 100;

  private final double least;
  private final boolean grows;

  private Ridge(double least, boolean grows) {
    if (!(least > 0) || least == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "relative ridge %s; it is finite and above zero".formatted(least));
    }
    this.least = least;
    this.grows = grows;
  }

  /// Returns a ridge that is the same for every layer.
  ///
  /// @param share κ as a share of the mean diagonal of H, above 0
  public static Ridge constant(double share) {
    return new Ridge(share, false);
  }

  /// Returns a ridge that grows where a layer has few rows for its inputs.
  ///
  /// @param least κ of layers with many rows, as a share of the mean diagonal of H, above 0
  public static Ridge growing(double least) {
    return new Ridge(least, true);
  }

  /// Returns κ of a layer as a share of the mean diagonal of its H.
  ///
  /// @param rows n, rows over samples and positions, 1 or more
  /// @param inputs k, 1 or more
  public double of(long rows, int inputs) {
    double scarcity = ENOUGH_ROWS * inputs / rows;
    return grows && scarcity > 1
        ? least * Math.min(GREATEST_GROWTH, Math.pow(scarcity, EXPONENT))
        : least;
  }
}
