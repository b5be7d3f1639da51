package falcon.runtime.loop;

import java.util.Arrays;

/// The loops for one width of vectors and one pair of steps.
///
/// @param lanes positions of a vector
/// @param first loops that start from the bias
/// @param next loops that continue the sums of the output
/// @param end what follows the sums
/// @param points products of a dense matrix and one vector
/// @param widths most vectors at a time
public record RowKernels(
    int lanes, Loops first, Loops next, EndLoop end, PointLoop points, Widths widths) {
  /// The loops over records with one weight and with four.
  ///
  /// @param scattered one output channel at a time
  /// @param blocks four output channels at a time
  public record Loops(RowLoop scattered, RowLoop blocks) {}

  /// The most vectors of positions whose sums have a register and whose loop is compiled whole.
  ///
  /// @param scattered for one output channel
  /// @param blocks for four output channels
  public record Widths(int scattered, int blocks) {}

  /// Which numbers of vectors a loop for one channel takes, ascending; up to 4 for four channels.
  private static final int[] VECTORS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12};

  /// Returns the numbers of vectors that a loop takes, ascending.
  ///
  /// @param isBlocks whether the layer has records with four weights
  /// @param atMost further limit
  public int[] vectors(boolean isBlocks, int atMost) {
    int most = Math.min(atMost, isBlocks ? widths.blocks() : widths.scattered());
    return Arrays.stream(VECTORS).filter(v -> v <= most).toArray();
  }
}
