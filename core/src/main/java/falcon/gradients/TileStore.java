package falcon.gradients;

import java.lang.foreign.MemorySegment;

/// The storage of the tiles of a [TileLayout]. It is safe to use from several threads, as long as
/// each row of a tile has one writer and nobody reads a tile that is being written.
sealed interface TileStore extends AutoCloseable permits MemoryTiles, FileTiles {
  /// Returns the bytes of a tile, valid until [#release]; read only.
  MemorySegment acquire(int tile);

  /// Ends the use of a segment that [#acquire] returned.
  void release(MemorySegment values);

  /// Writes rows of a tile.
  ///
  /// @param firstRow number of the first row
  /// @param rows number of rows
  /// @param writer fills their bytes, row after row with the layout's stride
  void write(int tile, int firstRow, int rows, RowWriter writer);

  /// Returns whether a tile has to be fetched before it is used, in which case threads should not
  /// share a tile.
  boolean isOnDisk();

  @Override
  void close();

  /// Fills rows of a tile.
  @FunctionalInterface
  interface RowWriter {
    /// @param values `rows · stride` bytes with arbitrary content, to be overwritten
    void fill(MemorySegment values);
  }
}
