package falcon.model.onnx;

import falcon.model.AtomicFile;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/// The content of a file of external data: the original bytes, with some tensors replaced or
/// appended. Gaps are filled with zeros.
final class DataFile implements AtomicFile.Body {
  /// Greatest number of bytes that are copied at once.
  private static final long PIECE_BYTES = 1L << 26;

  private final MemorySegment original;
  private final NavigableMap<Long, ByteBuffer> elementsByOffset = new TreeMap<>();

  /// @param original the original content; empty for a new file
  DataFile(MemorySegment original) {
    this.original = original;
  }

  /// Puts a tensor's elements at an offset; tensors must not overlap.
  void put(long offset, ByteBuffer elements) {
    elementsByOffset.put(offset, elements);
  }

  /// Returns whether any tensor was put.
  boolean isChanged() {
    return !elementsByOffset.isEmpty();
  }

  /// Returns the length of the content.
  long sizeBytes() {
    if (elementsByOffset.isEmpty()) {
      return original.byteSize();
    }
    Map.Entry<Long, ByteBuffer> last = elementsByOffset.lastEntry();
    return Math.max(original.byteSize(), last.getKey() + last.getValue().remaining());
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    WritableByteChannel channel = Channels.newChannel(out);
    long position = 0;
    for (Map.Entry<Long, ByteBuffer> entry : elementsByOffset.entrySet()) {
      copy(channel, position, entry.getKey());
      var bytes = entry.getValue().duplicate();
      position = entry.getKey() + bytes.remaining();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
    copy(channel, position, original.byteSize());
  }

  private void copy(WritableByteChannel channel, long from, long to) throws IOException {
    for (long at = from; at < to; ) {
      boolean isGap = at >= original.byteSize();
      long end = isGap ? to : Math.min(to, original.byteSize());
      long count = Math.min(PIECE_BYTES, end - at);
      MemorySegment piece =
          isGap ? MemorySegment.ofArray(new byte[(int) count]) : original.asSlice(at, count);
      var bytes = piece.asByteBuffer();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      at += count;
    }
  }
}
