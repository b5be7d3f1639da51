package falcon.runtime.kernel;

/// Where the elements of an activation are in native memory, float32.
///
/// ```
/// offset(n, c, y, x) = (k · plane + first + (y div s) · row + x div t) · L + n mod L  elements
/// k = (n div L · P + p) · C + c                       number of the plane
/// p = (y mod s) · t + x mod t                         number of the phase
/// ```
///
/// with L images in the lanes (1 or [#IMAGES]), C channels, and P = s · t phases. A *plane* holds
/// the positions of one channel (of one phase) row by row, `row` elements from one row to the next,
/// with zeros behind each row and behind the last row. Positions left of a row are those right of
/// the row before, and rows above a plane are those below the plane before: zeros are shared. So
/// every tap of a convolution is one constant offset for all positions of the plane.
///
/// Everything that is not an element is zero: memory is zeroed when it is allocated, layers write
/// zeros there, everything else writes elements only. Memory that has been used with another layout
/// must be zeroed before.
///
/// @param extent logical size
/// @param lanes images in the lanes: 1 or [#IMAGES]
/// @param rowPitch positions from one row of a plane to the next
/// @param planePitch positions from one plane to the next
/// @param first positions in front of the first plane
/// @param rowPhases number of phases of rows
/// @param columnPhases number of phases of columns
public record PlaneLayout(
    Extent extent,
    int lanes,
    int rowPitch,
    int planePitch,
    int first,
    int rowPhases,
    int columnPhases) {
  /// Number of images in the lanes where they are: one cache line of float32.
  public static final int IMAGES = 16;

  /// Alignment of memory in bytes: a vector of 512 bits, a cache line.
  public static final int ALIGNMENT = 64;

  private static final int LINE = ALIGNMENT / Float.BYTES;

  /// Checks that planes and rows do not overlap.
  ///
  /// @throws IllegalArgumentException if they do, or a pitch or the lanes are out of range
  public PlaneLayout {
    if (lanes != 1 && lanes != IMAGES) {
      throw new IllegalArgumentException(
          "%d images in the lanes; it is 1 or %d".formatted(lanes, IMAGES));
    }
    if (rowPhases < 1 || columnPhases < 1 || first < 0) {
      throw new IllegalArgumentException(
          "%d × %d phases and %d positions in front are out of range"
              .formatted(rowPhases, columnPhases, first));
    }
    long rows = (long) Math.ceilDiv(extent.height(), rowPhases) * rowPitch;
    if (rowPitch < Math.ceilDiv(extent.width(), columnPhases) || planePitch < rows) {
      throw new IllegalArgumentException(
          "rows of %d and planes of %d positions overlap for %s"
              .formatted(rowPitch, planePitch, extent));
    }
  }

  /// Returns row-major `[images, channels, height, width]` without gaps.
  public static PlaneLayout rowMajor(Extent extent) {
    return new PlaneLayout(
        extent, 1, extent.width(), Math.multiplyExact(extent.height(), extent.width()), 0, 1, 1);
  }

  /// Returns planes with the zeros that layers need, the images of a batch one after the other.
  ///
  /// @param margins what all layers need that read it
  /// @param rowPitch positions from row to row at least; 0 if only the margins matter
  public static PlaneLayout padded(Extent extent, Margins margins, int rowPitch) {
    return padded(extent, margins, rowPitch, 1);
  }

  /// Returns planes with the zeros that layers need, [#IMAGES] images in the lanes.
  ///
  /// @param margins what all layers need that read it, made for images in the lanes
  public static PlaneLayout imagesInLanes(Extent extent, Margins margins) {
    return padded(extent, margins, 0, IMAGES);
  }

  private static PlaneLayout padded(Extent extent, Margins margins, int leastPitch, int lanes) {
    int width = Math.ceilDiv(extent.width(), margins.columnPhases());
    int height = Math.ceilDiv(extent.height(), margins.rowPhases());
    int row = Math.max(leastPitch, Math.addExact(width, margins.columns()));
    int gap = Math.addExact(Math.multiplyExact(margins.rows(), row), margins.columns());
    int unit = lanes == 1 ? LINE : 1;
    int first = roundedUp(gap, unit);
    int plane = roundedUp(Math.addExact(Math.multiplyExact(height, row), gap), unit);
    return new PlaneLayout(
        extent, lanes, row, plane, first, margins.rowPhases(), margins.columnPhases());
  }

  /// Returns where an element is, in elements.
  ///
  /// A row or column in the pads gives the place of one of the zeros.
  public long offset(int image, int channel, int row, int column) {
    long phase =
        (long) Math.floorMod(row, rowPhases) * columnPhases + Math.floorMod(column, columnPhases);
    long plane = ((image / lanes) * phases() + phase) * extent.channels() + channel;
    long position =
        first
            + (long) Math.floorDiv(row, rowPhases) * rowPitch
            + Math.floorDiv(column, columnPhases);
    return (plane * planePitch + position) * lanes + image % lanes;
  }

  /// Returns the number of elements from an image, or from a block of images in the lanes, to the
  /// next.
  public long blockPitch() {
    return phases() * extent.channels() * planePitch * lanes;
  }

  /// Returns the number of images, or of blocks of images in the lanes.
  public int blocks() {
    return Math.ceilDiv(extent.images(), lanes);
  }

  /// Returns the bytes to allocate, aligned by [#ALIGNMENT] and zeroed, with room behind the last
  /// plane for the vectors that end there.
  public long bytes() {
    long elements = Math.addExact(Math.multiplyExact(blocks(), blockPitch()), (long) first * lanes);
    return Math.multiplyExact(Math.addExact(elements, 2L * LINE), (long) Float.BYTES);
  }

  /// Returns whether it is row-major without gaps.
  public boolean isRowMajor() {
    return equals(rowMajor(extent));
  }

  private long phases() {
    return (long) rowPhases * columnPhases;
  }

  private static int roundedUp(int value, int unit) {
    return Math.multiplyExact(Math.ceilDiv(value, unit), unit);
  }
}
