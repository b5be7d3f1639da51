package falcon.model.stored;

/// Constant factors of the elements of a tensor, or constant divisors.
final class Factors {
  private final float[] values;
  private final Spread spread;
  private final boolean areDivisors;

  /// @param values finite, and not zero where they are divisors; handed over
  /// @param areDivisors whether elements are divided by them
  Factors(float[] values, Spread spread, boolean areDivisors) {
    this.values = values;
    this.spread = spread;
    this.areDivisors = areDivisors;
  }

  private float product(float element, float value) {
    return areDivisors ? element / value : element * value;
  }

  /// Multiplies elements by their factors, or divides them by their divisors, in place.
  float[] multiply(float[] elements) {
    int[] places = spread.places();
    for (int i = 0; i < elements.length; i++) {
      float product = product(elements[i], values[places[i]]);
      elements[i] = product == 0 ? 0 : product; // no negative zero
    }
    return elements;
  }

  /// Undoes [#multiply], in place: its results for the new elements are the old ones, where float32
  /// has such numbers. Elements whose factor is zero become zero.
  float[] divide(float[] elements) {
    int[] places = spread.places();
    for (int i = 0; i < elements.length; i++) {
      elements[i] = quotient(elements[i], values[places[i]]);
    }
    return elements;
  }

  private float quotient(float value, float factor) {
    if (factor == 0 || value == 0) {
      return 0;
    }
    float exact = areDivisors ? value * factor : value / factor;
    float quotient = Math.clamp(exact, -Float.MAX_VALUE, Float.MAX_VALUE);
    if (product(quotient, factor) == value) {
      return quotient;
    }
    float above = Math.nextUp(quotient);
    float below = Math.nextDown(quotient);
    return product(above, factor) == value
        ? above
        : product(below, factor) == value ? below : quotient;
  }

  /// Sets marks to 0 where the factor is zero, in place.
  float[] mark(float[] marks) {
    int[] places = spread.places();
    for (int i = 0; i < marks.length; i++) {
      marks[i] = values[places[i]] == 0 ? 0 : marks[i];
    }
    return marks;
  }
}
