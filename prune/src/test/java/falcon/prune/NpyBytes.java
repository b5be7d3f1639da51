package falcon.prune;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/// The content of `.npy` files.
public final class NpyBytes {
  private NpyBytes() {}

  /// @param type NumPy's word for it, `<f4` for instance
  /// @param content in that type, row-major
  public static byte[] of(String type, List<Long> shape, byte[] content) {
    byte[] header =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n"
            .formatted(
                type, shape.stream().map(size -> size + ",").collect(Collectors.joining(" ")))
            .getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(10 + header.length + content.length)
        .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
        .put(new byte[] {(byte) header.length, 0})
        .put(header)
        .put(content)
        .array();
  }
}
