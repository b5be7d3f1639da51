package falcon.spark;

import falcon.data.Dataset;
import falcon.data.format.Datasets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/// Training samples of standard normal numbers, in a file of NumPy.
final class NoiseData {
  private NoiseData() {}

  static Dataset of(Path folder, int count, List<Long> shape) {
    int each = Math.toIntExact(shape.stream().reduce(1L, (a, b) -> a * b));
    var random = new SplittableRandom(7);
    var content = ByteBuffer.allocate(4 * count * each).order(ByteOrder.LITTLE_ENDIAN);
    while (content.hasRemaining()) {
      content.putFloat((float) random.nextGaussian());
    }
    String sizes = shape.stream().map(size -> size + ",").collect(Collectors.joining(" "));
    byte[] header =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %s), }\n"
            .formatted(count, sizes)
            .getBytes(StandardCharsets.US_ASCII);
    byte[] file =
        ByteBuffer.allocate(10 + header.length + content.capacity())
            .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
            .put(new byte[] {(byte) header.length, 0})
            .put(header)
            .put(content.array())
            .array();
    try {
      Path train = Files.createDirectories(folder.resolve("data/train"));
      Files.write(train.resolve("noise.npy"), file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Datasets.open(folder.resolve("data"));
  }
}
