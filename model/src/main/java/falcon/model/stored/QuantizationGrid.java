package falcon.model.stored;

import falcon.model.DataType;
import org.jspecify.annotations.Nullable;

/// The values that quantised numbers stand for: `(number − zero point) · scale`.
final class QuantizationGrid {
  private final float[] scales;
  private final long[] zeroPoints;
  private final Spread spread;
  private final DataType type;

  /// @param scales one for each parameter of the spread; handed over
  /// @param zeroPoints the same number of them; handed over
  /// @param spread which of them belongs to which element
  /// @param type of the numbers, whose range they keep to
  QuantizationGrid(float[] scales, long[] zeroPoints, Spread spread, DataType type) {
    this.scales = scales;
    this.zeroPoints = zeroPoints;
    this.spread = spread;
    this.type = type;
  }

  /// Returns the type of the numbers.
  DataType type() {
    return type;
  }

  /// Returns the values of numbers, in place.
  float[] dequantized(float[] numbers) {
    int[] places = spread.places();
    for (int i = 0; i < numbers.length; i++) {
      float steps = (float) ((double) numbers[i] - zeroPoints[places[i]]);
      numbers[i] = steps * scales[places[i]];
    }
    return numbers;
  }

  /// Returns the numbers of the nearest values, ties to even, in place.
  ///
  /// Source: ONNX `QuantizeLinear`.
  float[] quantized(float[] values) {
    int[] places = spread.places();
    for (int i = 0; i < values.length; i++) {
      float scale = scales[places[i]];
      double steps = scale == 0 ? 0 : Math.rint(values[i] / scale);
      values[i] =
          (float)
              Math.clamp(
                  steps + zeroPoints[places[i]],
                  (double) IntegerRange.least(type),
                  (double) IntegerRange.greatest(type));
    }
    return values;
  }

  /// Returns marks that are 0 where every number stands for zero, in place.
  float[] marked(float[] marks) {
    int[] places = spread.places();
    for (int i = 0; i < marks.length; i++) {
      marks[i] = scales[places[i]] == 0 ? 0 : marks[i];
    }
    return marks;
  }

  /// Returns a zero point that is not in the middle of the range.
  ///
  /// @return null if all are
  @Nullable Long asymmetry() {
    long middle = IntegerRange.middle(type);
    for (long zeroPoint : zeroPoints) {
      if (zeroPoint != middle) {
        return zeroPoint;
      }
    }
    return null;
  }
}
