package falcon.gradients;

import java.lang.foreign.MemorySegment;

/// Where the tiles of a [TileLayout] are kept. Safe to use from several threads, as long as each
/// row of a tile has one writer and nobody reads what is being written.
sealed interface TileStore extends AutoCloseable permits MemoryTiles, FileTiles {
  /// The bytes of a tile, until [#release]; read only.
  MemorySegment acquire(int tile);

  /// Ends the use of what [#acquire] gave.
  void release(MemorySegment values);

  /// Writes rows of a tile.
  ///
  /// @param firstRow of the rows
  /// @param rows how many
  /// @param writer fills their bytes, row after row with the layout's stride
  void write(int tile, int firstRow, int rows, RowWriter writer);

  /// Whether a tile has to be fetched before it is used, so that threads should not share one.
  boolean isOnDisk();

  @Override
  void close();

  /// Fills rows of a tile.
  @FunctionalInterface
  interface RowWriter {
    /// @param values `rows · stride` bytes of any content
    void fill(MemorySegment values);
  }
}
