package falcon.prune;

import falcon.model.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/// The content of `.npy` files.
public final class NpyBytes {
  private NpyBytes() {}

  /// Standard normal numbers in float32.
  public static byte[] noise(SplittableRandom random, long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    var content =
        ByteBuffer.allocate(Math.toIntExact(4 * Tensor.elements(sizes)))
            .order(ByteOrder.LITTLE_ENDIAN);
    while (content.hasRemaining()) {
      content.putFloat((float) random.nextGaussian());
    }
    return of("<f4", sizes, content.array());
  }

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
