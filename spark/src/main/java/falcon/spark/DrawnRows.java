package falcon.spark;

import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.prune.options.PruningException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.jspecify.annotations.Nullable;

/// Rows of a frame that are drawn for a run, as NumPy files: which rows, and in which order,
/// depends on their content and the seed alone, not on how the frame is divided.
///
/// @param files content by file name
record DrawnRows(LinkedHashMap<String, byte[]> files) implements Serializable {
  /// Names of an array of classes, of which an input takes none.
  private static final List<String> LABELS = List.of("labels", "label", "targets", "target", "y");

  /// Which columns a run reads.
  ///
  /// @param feed columns by input of the network
  /// @param label column of the classes, null if there are none
  /// @param key columns that tell rows apart; empty for all that are read
  record Columns(Map<String, String> feed, @Nullable String label, List<String> key) {
    List<String> read() {
      return Stream.concat(feed.values().stream(), Stream.ofNullable(label)).distinct().toList();
    }
  }

  /// Draws rows: those whose key has the least hashes together with the seed. Every row's key is
  /// hashed, where it is; no more rows than are drawn leave an executor.
  ///
  /// @param most greatest number of rows
  /// @throws PruningException if a column is missing or not as an input takes it
  static DrawnRows of(
      org.apache.spark.sql.Dataset<?> frame,
      Network network,
      Columns columns,
      int most,
      long seed) {
    List<String> there = List.of(frame.columns());
    for (String column :
        Stream.concat(columns.read().stream(), columns.key().stream()).distinct().toList()) {
      if (!there.contains(column)) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "The frame has no column '%s'; its columns are %s.%nName the column of each input with setFeedDict, and that of the classes with setLabelCol."
                .formatted(column, there));
      }
    }
    List<String> key = columns.key().isEmpty() ? columns.read() : columns.key();
    var hashed =
        Stream.concat(
                Stream.of(functions.lit(seed)),
                key.stream().map(name -> frame.col("`%s`".formatted(name))))
            .toArray(org.apache.spark.sql.Column[]::new);
    List<Row> rows =
        frame
            .toDF()
            .orderBy(functions.xxhash64(hashed), functions.hash(hashed))
            .limit(most)
            .select(
                columns.read().stream()
                    .map(name -> functions.col("`%s`".formatted(name)))
                    .toArray(org.apache.spark.sql.Column[]::new))
            .collectAsList();
    if (rows.isEmpty()) {
      throw new PruningException(PruningException.Kind.INPUT, "The frame has no rows.");
    }
    var files = new LinkedHashMap<String, byte[]>();
    columns
        .feed()
        .forEach((input, column) ->
            files.put(input + ".npy", array(rows, column, declared(network, input))));
    if (columns.label() != null) {
      String name =
          LABELS.stream()
              .filter(label -> !columns.feed().containsKey(label))
              .findFirst()
              .orElseThrow();
      files.put(name + ".npy", array(rows, columns.label(), null));
    }
    return new DrawnRows(files);
  }

  /// Writes the rows to a folder and opens it.
  ///
  /// @param folder an empty folder; stays as long as the data are used
  Dataset open(Path folder) {
    Path train = folder.resolve("train");
    try {
      Files.createDirectories(train);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Files.write(train.resolve(file.getKey()), file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Datasets.open(folder);
  }

  /// Returns the shape of an input's examples.
  ///
  /// @return null if the network leaves it open
  static @Nullable List<Long> declared(Network network, String input) {
    ValueInfo info =
        network.inputs().stream()
            .filter(each -> each.name().equals(input))
            .findFirst()
            .orElseThrow(() ->
                new PruningException(
                    PruningException.Kind.INPUT,
                    "The network has no input '%s'; its inputs are %s."
                        .formatted(input, network.inputs())));
    List<Dimension> dimensions = info.dimensions();
    if (dimensions == null) {
      return null;
    }
    var shape = new ArrayList<Long>();
    for (int i = 0; i < dimensions.size(); i++) {
      if (i != info.axisOfExamples()) {
        if (!(dimensions.get(i) instanceof Dimension.Fixed(long size))) {
          return null;
        }
        shape.add(size);
      }
    }
    return shape;
  }

  /// Returns the shape of a value: the declared one where it has as many elements.
  static List<Long> shaped(Column value, @Nullable List<Long> declared) {
    return declared != null && Tensor.elements(declared) == value.numbers().length
        ? declared
        : value.shape();
  }

  private static byte[] array(List<Row> rows, String name, @Nullable List<Long> declared) {
    Column first = Column.of(name, rows.getFirst().getAs(name));
    boolean isFloat = !first.isWhole() && rows.getFirst().getAs(name) instanceof Float;
    int bytes = isFloat ? Float.BYTES : Double.BYTES;
    List<Long> shape = shaped(first, declared);
    var content =
        ByteBuffer.allocate(Math.multiplyExact(rows.size() * bytes, first.numbers().length))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (Row row : rows) {
      Column value = Column.of(name, row.getAs(name));
      if (!value.shape().equals(first.shape())) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "Column '%s' holds arrays of shapes %s and %s; all must be of one."
                .formatted(name, first.shape(), value.shape()));
      }
      for (double number : value.numbers()) {
        if (first.isWhole()) {
          content.putLong((long) number);
        } else if (isFloat) {
          content.putFloat((float) number);
        } else {
          content.putDouble(number);
        }
      }
    }
    String sizes =
        Stream.concat(Stream.of((long) rows.size()), shape.stream())
            .map(size -> size + ",")
            .collect(Collectors.joining(" "));
    byte[] header =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n"
            .formatted(first.isWhole() ? "<i8" : isFloat ? "<f4" : "<f8", sizes)
            .getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(10 + header.length + content.capacity())
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
        .putShort((short) header.length)
        .put(header)
        .put(content.array())
        .array();
  }
}
