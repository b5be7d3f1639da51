package falcon.gradients;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Tiles in a file, read and written tile by tile through a few buffers.
///
/// Every position, length and address is a multiple of [#ALIGNMENT_BYTES], so that the file may be
/// one that goes past the operating system's page cache, which these bytes would only flush: the
/// process then holds its buffers and nothing else.
final class FileTiles implements TileStore {
  /// Number of columns of a tile. A row block of a tile is one write, a tile is one read; both are
  /// long enough to keep the disk busy.
  static final int TILE_COLUMNS = 8192;

  /// The unit, in bytes, of positions and lengths of reads and writes past the page cache.
  static final int ALIGNMENT_BYTES = 4096;

  private final GradientMatrix.Scratch scratch;
  private final TileLayout layout;
  private final FileChannel channel;
  private final Arena arena;
  private final long bufferBytes;
  private final ConcurrentLinkedQueue<MemorySegment> buffers = new ConcurrentLinkedQueue<>();

  /// @param scratch its channel is closed with this
  @SuppressWarnings("MustBeClosedChecker") // the arena is a field that close() closes
  FileTiles(GradientMatrix.Scratch scratch, TileLayout layout) {
    this.scratch = scratch;
    this.layout = layout;
    this.channel = scratch.channel();
    this.arena = Arena.ofShared();
    this.bufferBytes = layout.largestTileBytes();
  }

  @Override
  public MemorySegment acquire(int tile) {
    MemorySegment buffer = buffer();
    ByteBuffer bytes = buffer.asSlice(0, layout.tileBytes(tile)).asByteBuffer();
    long position = layout.tile(tile).offsetBytes();
    try {
      int read = 0;
      while (bytes.hasRemaining() && read >= 0) {
        read = channel.read(bytes, position + bytes.position());
      }
    } catch (ClosedByInterruptException e) {
      throw interrupted(e);
    } catch (IOException e) {
      throw new StorageException(scratch.place(), layout.byteSize(), e);
    }
    // Rows that were never written lie past the end of the file.
    buffer.asSlice(bytes.position(), bytes.remaining()).fill((byte) 0);
    return buffer;
  }

  @Override
  public void release(MemorySegment values) {
    buffers.add(values);
  }

  @Override
  public void write(int tile, int firstRow, int rows, RowWriter writer) {
    TileLayout.Tile target = layout.tile(tile);
    MemorySegment buffer = buffer();
    MemorySegment part = buffer.asSlice(0, rows * target.strideBytes());
    writer.fill(part);
    ByteBuffer bytes = part.asByteBuffer();
    long position = target.offsetBytes() + firstRow * target.strideBytes();
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes, position + bytes.position());
      }
    } catch (ClosedByInterruptException e) {
      throw interrupted(e);
    } catch (IOException e) {
      throw new StorageException(scratch.place(), layout.byteSize(), e);
    }
    buffers.add(buffer);
  }

  private MemorySegment buffer() {
    MemorySegment buffer = buffers.poll();
    return buffer == null ? arena.allocate(bufferBytes, ALIGNMENT_BYTES) : buffer;
  }

  private static CancellationException interrupted(ClosedByInterruptException cause) {
    var cancelled = new CancellationException("interrupted while it used the gradient matrix");
    cancelled.initCause(cause);
    return cancelled;
  }

  @Override
  public boolean isOnDisk() {
    return true;
  }

  @Override
  public void close() {
    arena.close();
    try {
      channel.close();
    } catch (IOException e) {
      throw new StorageException(scratch.place(), layout.byteSize(), e);
    }
  }
}
