package falcon.gradients;

import java.util.Locale;

/// Amounts of memory as text.
final class Bytes {
  private static final double MEBIBYTE = 1L << 20;
  private static final double GIBIBYTE = 1L << 30;

  private Bytes() {}

  /// Returns the amount in GiB, or in MiB if it is less than one GiB.
  static String text(long bytes) {
    return bytes >= GIBIBYTE
        ? String.format(Locale.ROOT, "%.1f GiB", bytes / GIBIBYTE)
        : String.format(Locale.ROOT, "%.0f MiB", bytes / MEBIBYTE);
  }
}
