package falcon.spark;

import falcon.prune.options.PruningException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.Vector;
import org.jspecify.annotations.Nullable;

/// A value of a frame's column as numbers: a number, an array of numbers, arrays of arrays of one
/// shape, or a vector of Spark ML.
///
/// @param shape sizes of the arrays; empty for a number
/// @param numbers row-major
/// @param isWhole whether the column holds integers
@SuppressWarnings("ArrayRecordComponent") // read once
record Column(List<Long> shape, double[] numbers, boolean isWhole) {
  /// Returns the value of a row.
  ///
  /// @param name name of the column
  /// @throws PruningException if it is missing, no number, or its arrays differ in length
  static Column of(String name, @Nullable Object value) {
    if (value instanceof Vector vector) {
      double[] values = vector.toArray();
      return new Column(List.of((long) values.length), values, false);
    }
    var shape = new ArrayList<Long>();
    var numbers = new ArrayList<Number>();
    collect(name, value, 0, shape, numbers);
    boolean isWhole = numbers.stream().noneMatch(n -> n instanceof Float || n instanceof Double);
    return new Column(
        List.copyOf(shape), numbers.stream().mapToDouble(Number::doubleValue).toArray(), isWhole);
  }

  private static void collect(
      String name, @Nullable Object value, int depth, List<Long> shape, List<Number> numbers) {
    switch (value) {
      case Number number when depth == shape.size() || numbers.isEmpty() -> numbers.add(number);
      case Boolean truth -> numbers.add(truth ? 1 : 0);
      case scala.collection.Seq<?> sequence -> {
        long length = sequence.length();
        if (depth == shape.size() && numbers.isEmpty()) {
          shape.add(length);
        } else if (depth >= shape.size() || shape.get(depth) != length) {
          throw unfit(name, "holds arrays of different lengths");
        }
        for (int i = 0; i < length; i++) {
          collect(name, sequence.apply(i), depth + 1, shape, numbers);
        }
      }
      case null -> throw unfit(name, "is null in a row");
      default ->
          throw unfit(
              name,
              "holds a %s, which is neither a number nor an array of numbers"
                  .formatted(value.getClass().getSimpleName()));
    }
  }

  private static PruningException unfit(String name, String what) {
    return new PruningException(
        PruningException.Kind.INPUT,
        "Column '%s' %s.%nLeave such rows out (`frame.na().drop()`), or make arrays of one shape of them."
            .formatted(name, what));
  }
}
