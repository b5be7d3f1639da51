package falcon.prune.plan;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/// The budget of a further resource, in whole numbers of 10⁻ᵈ units. Immutable.
///
/// @param name its name
/// @param request the amount as the user wrote it
/// @param measure what its amounts are counted in
/// @param amounts limit and uses
public record PlannedResource(String name, String request, Measure measure, Amounts amounts) {
  /// What amounts are counted in.
  ///
  /// @param unit the unit; empty if it has none
  /// @param decimals d, number of decimal places of the unit
  public record Measure(String unit, int decimals) {}

  /// Amounts of the whole network.
  ///
  /// @param limit what it may use, inclusive
  /// @param fixed what it uses whatever is pruned
  /// @param total what the dense network uses
  public record Amounts(long limit, long fixed, long total) {}

  private static final int SHOWN_DIGITS = 6;

  /// Returns the unit; empty if it has none.
  public String unit() {
    return measure.unit();
  }

  /// Returns d, the number of decimal places of the unit.
  public int decimals() {
    return measure.decimals();
  }

  /// Returns what the network may use, inclusive.
  public long limit() {
    return amounts.limit();
  }

  /// Returns what the network uses whatever is pruned.
  public long fixed() {
    return amounts.fixed();
  }

  /// Returns what the dense network uses.
  public long total() {
    return amounts.total();
  }

  /// Returns an amount in units.
  public double inUnits(long amount) {
    return BigDecimal.valueOf(amount, decimals()).doubleValue();
  }

  /// Returns an amount with its unit, for people: `1,234 bytes`, `0.482 ms`.
  public String text(long amount) {
    double value = inUnits(amount);
    String number =
        decimals() <= 0 || value >= Math.pow(10, SHOWN_DIGITS - 1.0)
            ? String.format(Locale.ROOT, "%,.0f", value)
            : BigDecimal.valueOf(amount, decimals())
                .round(new MathContext(SHOWN_DIGITS))
                .stripTrailingZeros()
                .toPlainString();
    return unit().isEmpty() ? number : number + " " + unit();
  }

  /// Returns the share of the dense network's use, in percent; 100 where that is nothing.
  public double percent(long amount) {
    return total() == 0 ? 100 : 100.0 * amount / total();
  }
}
