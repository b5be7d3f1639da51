package falcon.benchmarks.real;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// Samples that were made for a network, and what is known about them.
///
/// @param columns inputs of the network, with the same number of samples
/// @param labels class of each sample; empty if there are no classes
/// @param texts text that each sample shows; empty if it shows none
record SampleSet(List<Column> columns, List<Integer> labels, List<String> texts) {
  static SampleSet unlabelled(Column column) {
    return new SampleSet(List.of(column), List.of(), List.of());
  }

  static SampleSet of(Column column, List<Integer> labels) {
    return new SampleSet(List.of(column), labels, List.of());
  }

  int count() {
    return columns.getFirst().values().size();
  }

  /// Writes `.npy` files that `falcon.data` reads: one for each input, and `labels.npy`.
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (Column column : columns) {
      write(
          folder.resolve(column.name() + ".npy"),
          column.isWhole() ? "<i8" : "<f4",
          column.shape(),
          column.values());
    }
    if (!labels.isEmpty()) {
      List<float[]> values = labels.stream().map(label -> new float[] {label}).toList();
      write(folder.resolve("labels.npy"), "<i8", List.of(), values);
    }
  }

  private static void write(Path file, String type, List<Long> shape, List<float[]> values)
      throws IOException {
    String sizes = shape.stream().map(size -> size + ", ").collect(Collectors.joining());
    byte[] header =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %s), }\n"
            .formatted(type, values.size(), sizes)
            .replace(", , ", ", ")
            .getBytes(StandardCharsets.US_ASCII);
    boolean isWhole = type.equals("<i8");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
      out.write(new byte[] {(byte) header.length, (byte) (header.length >> 8)});
      out.write(header);
      for (float[] sample : values) {
        var bytes =
            ByteBuffer.allocate(sample.length * (isWhole ? Long.BYTES : Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (float value : sample) {
          if (isWhole) {
            bytes.putLong((long) value);
          } else {
            bytes.putFloat(value);
          }
        }
        out.write(bytes.array());
      }
    }
  }
}
