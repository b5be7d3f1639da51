package falcon.torch.sample;

import falcon.data.NamedArrays;
import falcon.data.NumberArray;
import falcon.model.DataType;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.torch.UnsupportedNetworkException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Values of arrays that are the same for all samples, as [falcon.model.Network#withGiven] takes
/// them.
public final class SharedValue {
  private SharedValue() {}

  /// Returns the value of an array without an axis of samples.
  ///
  /// @param input the network's input that it is for; decides the type
  /// @param shape shape of the value, of as many elements as the array
  /// @throws falcon.data.MalformedDataException if a number is not of the input's type
  public static Tensor whole(NumberArray array, ValueInfo input, List<Long> shape) {
    return tensor(input, shape, numbers(array, input, 0, array.count()));
  }

  /// Returns the value that all samples of an array have in common.
  ///
  /// @param input the network's input that it is for; decides the type
  /// @return null if the samples have different values
  /// @throws falcon.data.MalformedDataException if a number is not of the input's type
  public static @Nullable Tensor common(NumberArray array, ValueInfo input) {
    return otherThanFirst(array, input) < 0
        ? tensor(input, array.sampleShape(), numbers(array, input, 0, 1))
        : null;
  }

  /// Returns the number of the first sample whose values differ from those of sample 0.
  ///
  /// @return −1 if all are the same
  public static int otherThanFirst(NumberArray array, ValueInfo input) {
    double[] first = numbers(array, input, 0, 1);
    for (int i = 1; i < array.count(); i++) {
      if (!Arrays.equals(first, numbers(array, input, i, i + 1))) {
        return i;
      }
    }
    return -1;
  }

  /// Requires that samples have the value that a network was given.
  ///
  /// @param given the value that the network has
  /// @throws UnsupportedNetworkException if they have another one
  static void require(NamedArrays samples, NumberArray array, ValueInfo input, Tensor given) {
    boolean isSame;
    if (samples.isPerSample(array) && array.sampleSize() == given.size()) {
      Tensor common = common(array, input);
      isSame = common != null && common.bytes().equals(given.bytes());
    } else {
      isSame =
          (long) array.count() * array.sampleSize() == given.size()
              && whole(array, input, given.shape()).bytes().equals(given.bytes());
    }
    if (!isSame) {
      throw new UnsupportedNetworkException(
          "Input '%s' has one value for all samples, but array '%s' holds another one than the network was given.%nGive all parts of the data the same value."
              .formatted(input, array.name()));
    }
  }

  private static double[] numbers(NumberArray array, ValueInfo input, int from, int to) {
    int each = array.sampleSize();
    var numbers = new double[Math.multiplyExact(to - from, each)];
    if (type(input).isFloatingPoint()) {
      var values = new float[numbers.length];
      for (int i = from; i < to; i++) {
        array.copyFloats(i, values, (i - from) * each);
      }
      Arrays.setAll(numbers, i -> values[i]);
    } else {
      var values = new long[numbers.length];
      for (int i = from; i < to; i++) {
        array.copyLongs(
            i,
            ArraySamples.least(type(input)),
            ArraySamples.greatest(type(input)),
            values,
            (i - from) * each);
      }
      Arrays.setAll(numbers, i -> values[i]);
    }
    return numbers;
  }

  private static DataType type(ValueInfo input) {
    return input.type() == null ? DataType.FLOAT32 : input.type();
  }

  private static Tensor tensor(ValueInfo input, List<Long> shape, double[] numbers) {
    DataType type = type(input);
    if (type.isFloatingPoint()) {
      var floats = new float[numbers.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) numbers[i];
      }
      return Tensor.ofFloats(DataType.FLOAT32, shape, floats);
    }
    var buffer =
        ByteBuffer.allocate(Math.multiplyExact(numbers.length, type.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (double number : numbers) {
      switch (type.bytes()) {
        case 1 -> buffer.put((byte) (long) number);
        case 2 -> buffer.putShort((short) (long) number);
        case 4 -> buffer.putInt((int) (long) number);
        default -> buffer.putLong((long) number);
      }
    }
    return Tensor.ofBytes(type, shape, buffer.array());
  }
}
