package falcon.projection;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/// How few and how many weights of single layers may be kept.
///
/// @param rangeByLayer limits by number of the layer in its cost table; a layer that is not named
///     has none
public record LayerLimits(Map<Integer, Range> rangeByLayer) {
  /// No limits.
  public static final LayerLimits NONE = new LayerLimits(Map.of());

  /// Inclusive limits of one layer.
  ///
  /// @param minKept how few weights may be kept, zero or more
  /// @param maxKept how many weights may be kept; above the layer's size it is no limit
  public record Range(int minKept, int maxKept) {
    /// @throws IllegalArgumentException if the floor is negative or above the ceiling
    public Range {
      if (minKept < 0 || maxKept < minKept) {
        throw new IllegalArgumentException(
            "a layer cannot keep %d to %d weights".formatted(minKept, maxKept));
      }
    }
  }

  /// Copies the map.
  public LayerLimits {
    rangeByLayer = Collections.unmodifiableMap(new TreeMap<>(rangeByLayer));
  }
}
