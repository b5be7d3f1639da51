package falcon.model.grid;

import falcon.model.Tensor;
import java.util.Arrays;
import java.util.List;

/// Compares a computed result with the expected one.
public final class Comparison {
  private Comparison() {}

  /// @param relative largest difference, as a share of the expected number
  /// @param absolute added to it
  /// @return what differs, empty if nothing does
  public static String difference(
      List<Tensor> own, List<Tensor> expected, double relative, double absolute) {
    for (int i = 0; i < expected.size(); i++) {
      String difference = difference(own.get(i), expected.get(i), relative, absolute);
      if (!difference.isEmpty()) {
        return "output %d: %s".formatted(i, difference);
      }
    }
    return "";
  }

  private static String difference(Tensor own, Tensor expected, double relative, double absolute) {
    if (!own.shape().equals(expected.shape())) {
      return "shape %s instead of %s".formatted(own.shape(), expected.shape());
    }
    if (own.type().isFloatingPoint() != expected.type().isFloatingPoint()) {
      return "type %s instead of %s".formatted(own.type(), expected.type());
    }
    double[] actual = numbers(own);
    double[] wanted = numbers(expected);
    for (int i = 0; i < wanted.length; i++) {
      boolean isSame =
          Double.compare(actual[i], wanted[i]) == 0
              || Math.abs(actual[i] - wanted[i]) <= relative * Math.abs(wanted[i]) + absolute;
      if (!isSame) {
        return "element %d is %s instead of %s".formatted(i, actual[i], wanted[i]);
      }
    }
    return "";
  }

  /// Returns the elements as numbers, whatever their type.
  public static double[] numbers(Tensor tensor) {
    if (!tensor.type().isFloatingPoint()) {
      return Arrays.stream(tensor.toLongs()).asDoubleStream().toArray();
    }
    float[] floats = tensor.toFloats();
    var numbers = new double[floats.length];
    Arrays.setAll(numbers, i -> floats[i]);
    return numbers;
  }
}
