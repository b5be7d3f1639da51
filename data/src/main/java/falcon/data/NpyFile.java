package falcon.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/// Reads `.npy` files, of one array each.
public final class NpyFile {
  /// Greatest number of bytes of an array in memory.
  private static final long MOST_BYTES = Integer.MAX_VALUE - 64;

  private NpyFile() {}

  /// Opens the array of a file. Its samples are read on request; an array in Fortran order, where
  /// the numbers of a sample are scattered, is read at once.
  ///
  /// @param name name of the array
  public static NumberArray open(Path file, String name) {
    ForeignFile.refuse(file);
    long length = DataFile.length(file);
    try (var in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      NpyHeader header = NpyHeader.read(file, name, in, length);
      return header.isFortran()
          ? inMemory(file, name, header, in)
          : new NumberArray(file, name, header, onDisk(file, header));
    } catch (IOException e) {
      throw DataFile.unreadable(file, e);
    }
  }

  /// Returns the array whose numbers come next in a stream.
  static NumberArray inMemory(Path file, String name, NpyHeader header, InputStream in)
      throws IOException {
    if (header.contentBytes() > MOST_BYTES) {
      throw new MalformedDataException(
          file,
          "array '%s' has %d bytes; at most %d fit here."
              .formatted(name, header.contentBytes(), MOST_BYTES),
          "Save it as a .npy file of its own in C order: such a file is read sample by sample.");
    }
    var bytes = new byte[(int) header.contentBytes()];
    DataFile.readFully(file, in, bytes, 0, bytes.length);
    byte[] rows = header.isFortran() ? rowMajor(bytes, header) : bytes;
    return new NumberArray(
        file,
        name,
        header,
        (index, target) -> System.arraycopy(rows, index * target.length, target, 0, target.length));
  }

  private static NumberArray.Content onDisk(Path file, NpyHeader header) {
    return (index, target) -> {
      try (var channel = FileChannel.open(file)) {
        ByteBuffer buffer = ByteBuffer.wrap(target);
        long position = header.headerBytes() + (long) index * target.length;
        while (buffer.hasRemaining()) {
          int read = channel.read(buffer, position + buffer.position());
          if (read < 0) {
            throw new EOFException("the file became shorter while it was used");
          }
        }
      } catch (IOException e) {
        throw DataFile.unreadable(file, e);
      }
    };
  }

  /// Converts from the order in which the first axis runs fastest to that in which the last axis
  /// does.
  private static byte[] rowMajor(byte[] bytes, NpyHeader header) {
    int elementBytes = header.type().bytes();
    int axes = header.shape().size();
    var sizes = header.shape().stream().mapToInt(Math::toIntExact).toArray();
    var strides = new int[axes]; // in elements of the column-major array
    int stride = 1;
    for (int axis = 0; axis < axes; axis++) {
      strides[axis] = stride;
      stride *= sizes[axis];
    }
    var rows = new byte[bytes.length];
    var at = new int[axes];
    int from = 0;
    for (int to = 0; to < rows.length; to += elementBytes) {
      System.arraycopy(bytes, from * elementBytes, rows, to, elementBytes);
      for (int axis = axes - 1; axis >= 0; axis--) {
        from += strides[axis];
        if (++at[axis] < sizes[axis]) {
          break;
        }
        from -= strides[axis] * sizes[axis];
        at[axis] = 0;
      }
    }
    return rows;
  }
}
