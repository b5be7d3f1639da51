package falcon.gradients;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Tiles in native memory, in slabs that are allocated when they are first touched by the thread
/// that fills them, so that the work of zeroing new memory is shared among threads.
final class MemoryTiles implements TileStore {
  /// Number of columns of a tile: one row of them and their float64 sums stay in the first-level
  /// cache.
  static final int TILE_COLUMNS = 2048;

  /// Alignment of each row, so that vectors start on cache lines.
  static final int ALIGNMENT_BYTES = 64;

  /// Approximate size of a slab in bytes; a slab holds whole tiles.
  private static final long SLAB_BYTES = 32L << 20;

  private final Arena arena;
  private final TileLayout layout;
  private final List<Slab> slabs;
  private final int[] slabOfTile;

  @SuppressWarnings("MustBeClosedChecker") // the arena is a field that close() closes
  MemoryTiles(TileLayout layout) {
    this.layout = layout;
    this.arena = Arena.ofShared();
    this.slabOfTile = new int[layout.tileCount()];
    var cut = new ArrayList<Slab>();
    long start = 0;
    for (int t = 0; t < slabOfTile.length; t++) {
      slabOfTile[t] = cut.size();
      long end = layout.tile(t).offsetBytes() + layout.tileBytes(t);
      if (end - start >= SLAB_BYTES || t == slabOfTile.length - 1) {
        cut.add(new Slab(start, end - start));
        start = end;
      }
    }
    this.slabs = List.copyOf(cut);
  }

  @Override
  public MemorySegment acquire(int tile) {
    Slab slab = slabs.get(slabOfTile[tile]);
    return slab.memory()
        .asSlice(layout.tile(tile).offsetBytes() - slab.startBytes, layout.tileBytes(tile));
  }

  @Override
  public void release(MemorySegment values) {}

  @Override
  public void write(int tile, int firstRow, int rows, RowWriter writer) {
    long stride = layout.tile(tile).strideBytes();
    writer.fill(acquire(tile).asSlice(firstRow * stride, rows * stride));
  }

  @Override
  public boolean isOnDisk() {
    return false;
  }

  @Override
  public void close() {
    arena.close();
  }

  /// A run of consecutive tiles.
  private final class Slab {
    private final long startBytes;
    private final long byteSize;
    private @Nullable MemorySegment memory;

    Slab(long startBytes, long byteSize) {
      this.startBytes = startBytes;
      this.byteSize = byteSize;
    }

    synchronized MemorySegment memory() {
      if (memory == null) {
        memory = arena.allocate(byteSize, ALIGNMENT_BYTES);
      }
      return memory;
    }
  }
}
