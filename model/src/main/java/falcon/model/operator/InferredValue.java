package falcon.model.operator;

import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// The knowledge of a value before the network runs.
///
/// @param shape sizes of its axes, none for a scalar
/// @param numbers its elements, row-major, where they follow from shapes and constants alone; null
///     otherwise
/// @param isWhole whether the numbers are integers or truth values (1 and 0) by type
public record InferredValue(List<Long> shape, @Nullable List<Double> numbers, boolean isWhole) {
  /// The greatest number of elements that is kept: shapes and axes are short, anything longer is
  /// data.
  static final int MOST_CONTENT = 4096;

  public InferredValue {
    shape = List.copyOf(shape);
    numbers = numbers == null || numbers.size() > MOST_CONTENT ? null : List.copyOf(numbers);
  }

  /// Creates a value of which only the shape is known.
  public static InferredValue ofShape(List<Long> shape) {
    return new InferredValue(shape, null, true);
  }

  /// Creates a list of integers.
  public static InferredValue ofContent(List<Long> content) {
    return whole(List.of((long) content.size()), content);
  }

  /// Creates a value of integers.
  public static InferredValue whole(List<Long> shape, List<Long> content) {
    return new InferredValue(shape, content.stream().map(Long::doubleValue).toList(), true);
  }

  /// Creates the value of a constant.
  public static InferredValue of(Tensor tensor) {
    if (tensor.size() > MOST_CONTENT) {
      return ofShape(tensor.shape());
    }
    var numbers = new ArrayList<Double>();
    if (tensor.type().isFloatingPoint()) {
      Arrays.stream(tensor.toDoubles()).forEach(numbers::add);
    } else {
      Arrays.stream(tensor.toLongs()).forEach(value -> numbers.add((double) value));
    }
    return new InferredValue(tensor.shape(), numbers, !tensor.type().isFloatingPoint());
  }

  /// Returns the elements, if they are integers and known; numbers beyond 2^53 are rounded, those
  /// at the ends of the range are exact.
  public @Nullable List<Long> content() {
    return numbers == null || !isWhole ? null : numbers.stream().map(Double::longValue).toList();
  }

  /// Returns the same elements in another shape.
  InferredValue reshaped(List<Long> other) {
    return new InferredValue(other, numbers, isWhole);
  }

  /// Returns a value made of some of the elements.
  ///
  /// @param place maps the indices of an element of the result to its row-major position in this
  ///     value
  InferredValue picked(List<Long> result, ToLongFunction<long[]> place) {
    if (numbers == null || Tensor.elements(result) > MOST_CONTENT) {
      return ofShape(result);
    }
    var taken = new ArrayList<Double>();
    var index = new long[result.size()];
    long count = Tensor.elements(result);
    for (long i = 0; i < count; i++) {
      taken.add(numbers.get(Math.toIntExact(place.applyAsLong(index))));
      advance(index, result);
    }
    return new InferredValue(result, taken, isWhole);
  }

  private static void advance(long[] index, List<Long> shape) {
    int axis = index.length - 1;
    while (axis >= 0 && ++index[axis] == shape.get(axis)) {
      index[axis--] = 0;
    }
  }

  /// Returns the row-major position of an element.
  static long place(List<Long> shape, long[] index) {
    long place = 0;
    for (int i = 0; i < index.length; i++) {
      place = place * shape.get(i) + index[i];
    }
    return place;
  }
}
