package falcon.model.naming;

import falcon.model.DataType;

/// How far numbers may differ that are the same but for rounding.
///
/// @param relative greatest difference, as a share of the greater number
record Closeness(double relative) {
  /// A product of a weight and a factor, both rounded, differs by a few units in the last place;
  /// the factor of a BatchNormalization that does nothing differs from 1 by 5e-6.
  private static final double FLOAT32 = 1e-6;

  private static final double FLOAT16 = 2e-3;
  private static final double BFLOAT16 = 1.6e-2;

  /// Differences below this share of the tolerance and of the greatest number do not count.
  private static final double SMALL = 1e-2;

  /// Returns the closeness of numbers that were rounded to both types.
  static Closeness of(DataType one, DataType other) {
    return new Closeness(Math.max(unit(one), unit(other)));
  }

  private static double unit(DataType type) {
    return switch (type) {
      case FLOAT16 -> FLOAT16;
      case BFLOAT16 -> BFLOAT16;
      case FLOAT32, FLOAT64, UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL, UINT32, UINT64 ->
          FLOAT32;
    };
  }

  /// Returns whether two numbers are the same.
  ///
  /// @param greatest greatest absolute value around them
  boolean fits(double a, double b, double greatest) {
    double tolerated = relative * Math.max(Math.max(Math.abs(a), Math.abs(b)), SMALL * greatest);
    return Math.abs(a - b) <= tolerated || Double.compare(a, b) == 0;
  }

  /// Returns the greatest absolute value.
  static double greatest(float[] values) {
    double greatest = 0;
    for (float value : values) {
      greatest = Math.max(greatest, Math.abs(value));
    }
    return greatest;
  }
}
