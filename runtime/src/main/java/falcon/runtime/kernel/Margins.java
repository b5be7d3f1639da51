package falcon.runtime.kernel;

/// What a layer needs of the layout that it reads: zeros around each plane, and planes split by
/// stride.
///
/// @param rows zero rows above and below a plane, counted in rows of a phase
/// @param columns zero columns between rows, counted in columns of a phase
/// @param rowPhases number of phases of rows: row `r` is row `⌊r / phases⌋` of phase `r mod phases`
/// @param columnPhases number of phases of columns
public record Margins(int rows, int columns, int rowPhases, int columnPhases) {
  /// No zeros and one phase.
  public static final Margins NONE = new Margins(0, 0, 1, 1);

  /// Returns what a layer needs whose images are in the lanes, or not.
  ///
  /// @param lanes images in the lanes, [PlaneLayout#IMAGES], or 1
  public static Margins of(ConvolutionShape shape, int lanes) {
    int rowPhases = lanes > 1 ? 1 : shape.rows().window().stride();
    int columnPhases = lanes > 1 ? 1 : shape.columns().window().stride();
    return new Margins(
        rows(shape.rows(), rowPhases),
        columns(shape.columns(), columnPhases),
        rowPhases,
        columnPhases);
  }

  /// Returns what serves both.
  ///
  /// @throws IllegalArgumentException if the phases differ: no layout serves both
  public Margins and(Margins other) {
    if (rowPhases != other.rowPhases || columnPhases != other.columnPhases) {
      throw new IllegalArgumentException("no layout serves both %s and %s".formatted(this, other));
    }
    return new Margins(
        Math.max(rows, other.rows), Math.max(columns, other.columns), rowPhases, columnPhases);
  }

  private static int rows(Axis axis, int phases) {
    int above = Math.max(0, -Math.floorDiv(axis.lowest(), phases));
    int height = Math.ceilDiv(axis.length(), phases);
    return Math.max(above, Math.max(0, Math.floorDiv(axis.highest(), phases) - height + 1));
  }

  /// Zero columns right of a row are those left of the next; a phase with fewer columns than the
  /// widest has one more.
  private static int columns(Axis axis, int phases) {
    return rows(axis, phases);
  }
}
