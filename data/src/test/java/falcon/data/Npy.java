package falcon.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Writes small `.npy` and `.npz` files as NumPy does.
public final class Npy {
  private Npy() {}

  /// Returns a file of version 1 with the given header.
  public static byte[] file(String descr, boolean isFortran, String shape, byte[] content) {
    return file(
        "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }"
            .formatted(descr, isFortran ? "True" : "False", shape),
        content);
  }

  public static byte[] file(String header, byte[] content) {
    int padding = 63 - (10 + header.length()) % 64;
    byte[] text = (header + " ".repeat(padding) + "\n").getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(10 + text.length + content.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
        .putShort((short) text.length)
        .put(text)
        .put(content)
        .array();
  }

  public static byte[] floats(float... values) {
    var buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return buffer.array();
  }

  public static byte[] longs(long... values) {
    var buffer = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asLongBuffer().put(values);
    return buffer.array();
  }

  /// Returns an archive of `.npy` files.
  ///
  /// @param arrays files by name of the array
  public static byte[] archive(boolean isDeflated, Map<String, byte[]> arrays) {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
        var entry = new ZipEntry(array.getKey() + ".npy");
        if (!isDeflated) {
          var checksum = new CRC32();
          checksum.update(array.getValue());
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(array.getValue().length);
          entry.setCrc(checksum.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(array.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
