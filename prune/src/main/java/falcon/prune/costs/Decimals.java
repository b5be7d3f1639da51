package falcon.prune.costs;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collection;

/// Decimal costs as the whole numbers that the integer program takes.
final class Decimals {
  /// Digits of the greatest total: float64, which the program computes in, holds 15.
  private static final int MOST_DIGITS = 15;

  private Decimals() {}

  /// Returns the number of decimal places at which all costs are whole, or the greatest at which
  /// their total still has 15 digits.
  ///
  /// @param costs all costs that occur, zero or more
  /// @param total what the dense network uses
  static int places(Collection<BigDecimal> costs, BigDecimal total) {
    int exact = 0;
    for (BigDecimal cost : costs) {
      exact = Math.max(exact, cost.stripTrailingZeros().scale());
    }
    int digits = total.signum() == 0 ? 1 : total.precision() - total.scale();
    return Math.min(exact, MOST_DIGITS - digits);
  }

  /// Returns a cost in units of 10^−places, rounded up.
  static long whole(BigDecimal cost, int places) {
    return cost.movePointRight(places).setScale(0, RoundingMode.CEILING).longValueExact();
  }
}
