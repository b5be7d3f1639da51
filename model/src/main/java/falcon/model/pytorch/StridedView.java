package falcon.model.pytorch;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.List;

/// A [Value.View] with checked numbers: it lies inside its storage.
///
/// @param strides one per axis, in elements
/// @param count number of elements
/// @param span number of elements from the first to the last one in use; 0 if there are none
record StridedView(
    DataType type,
    Value.Storage storage,
    long offset,
    List<Long> shape,
    List<Long> strides,
    long count,
    long span) {
  /// Greatest number of dimensions of a tensor, as in PyTorch.
  private static final int MOST_DIMENSIONS = 64;

  /// Checks the numbers of a view.
  ///
  /// @throws IllegalArgumentException if they are impossible; the message gives the reason
  static StridedView of(Value.View view) {
    var type = view.type();
    if (type == null) {
      throw new IllegalArgumentException(
          "has elements of %s, a type that is not supported"
              .formatted(view.storage().type().pythonName()));
    }
    var shape = numbers(view.shape());
    var strides = numbers(view.strides());
    if (shape.size() != strides.size()) {
      throw new IllegalArgumentException(
          "has %d sizes, but %d strides".formatted(shape.size(), strides.size()));
    }
    try {
      long count = Tensor.elements(shape);
      long span = count == 0 ? 0 : 1;
      for (int d = 0; d < shape.size() && count > 0; d++) {
        span = Math.addExact(span, Math.multiplyExact(shape.get(d) - 1, strides.get(d)));
      }
      long endBytes = Math.multiplyExact(Math.addExact(view.offset(), span), (long) type.bytes());
      if (endBytes > view.storage().bytes()) {
        throw new IllegalArgumentException(
            "ends at byte %d of storage '%s', which has %d"
                .formatted(endBytes, view.storage().key(), view.storage().bytes()));
      }
      return new StridedView(type, view.storage(), view.offset(), shape, strides, count, span);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("has the impossible shape %s".formatted(shape), e);
    }
  }

  private static List<Long> numbers(Value.Sequence sequence) {
    if (sequence.items().size() > MOST_DIMENSIONS) {
      throw new IllegalArgumentException(
          "has %d dimensions, more than %d".formatted(sequence.items().size(), MOST_DIMENSIONS));
    }
    var numbers = new ArrayList<Long>();
    for (var item : sequence.items()) {
      if (!(item instanceof Value.Whole number)) {
        throw new IllegalArgumentException("has %s for a size or stride".formatted(item.kind()));
      }
      numbers.add(Globals.whole(number));
    }
    return List.copyOf(numbers);
  }

  /// Returns the offset of the first element in the storage, in bytes.
  long offsetBytes() {
    return offset * type.bytes();
  }

  /// Returns the number of bytes from the first element in use to the last.
  long spanBytes() {
    return span * type.bytes();
  }

  /// Returns the number of bytes of its elements without gaps.
  ///
  /// @throws ArithmeticException if they do not fit a long
  long countBytes() {
    return Math.multiplyExact(count, (long) type.bytes());
  }

  /// Returns whether the elements lie row-major without gaps.
  boolean isContiguous() {
    long expected = 1;
    for (int d = shape.size() - 1; d >= 0; d--) {
      if (shape.get(d) != 1 && strides.get(d) != expected) {
        return count == 0;
      }
      expected *= shape.get(d);
    }
    return true;
  }

  /// Returns the elements in row-major order, taken from the bytes that the view spans.
  byte[] gather(byte[] spanned) {
    if (isContiguous()) {
      return spanned;
    }
    var gathered = new byte[(int) countBytes()];
    var index = new long[shape.size()];
    int size = type.bytes();
    long from = 0;
    for (int to = 0; to < gathered.length; to += size) {
      System.arraycopy(spanned, (int) (from * size), gathered, to, size);
      for (int d = index.length - 1; d >= 0; d--) {
        from += strides.get(d);
        if (++index[d] < shape.get(d)) {
          break;
        }
        from -= shape.get(d) * strides.get(d);
        index[d] = 0;
      }
    }
    return gathered;
  }
}
