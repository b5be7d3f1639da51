package falcon.projection.group;

import falcon.budget.Mask;
import falcon.budget.PatternLayout;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Limits on the number of kept weights of single layers, on which weights may be kept, and on the
/// pattern of those that are not.
///
/// @param rangeByLayer limits by number of the layer in its cost table; a layer that is not named
///     has none
/// @param keepable the weights that may be kept; null for all
/// @param pattern the pattern of the zeros; null if any weight may be zero. Only
///     `falcon.projection.pattern` takes limits with a pattern
public record LayerLimits(
    Map<Integer, Range> rangeByLayer, @Nullable Mask keepable, @Nullable PatternLayout pattern) {
  /// No limits.
  public static final LayerLimits NONE = new LayerLimits(Map.of());

  /// The inclusive limits of one layer.
  ///
  /// @param minKept least number of kept weights, zero or more
  /// @param maxKept greatest number of kept weights; above the layer's size it is no limit
  public record Range(int minKept, int maxKept) {
    /// Checks the limits.
    ///
    /// @throws IllegalArgumentException if the floor is negative or above the ceiling
    public Range {
      if (minKept < 0 || maxKept < minKept) {
        throw new IllegalArgumentException(
            "a layer cannot keep %d to %d weights".formatted(minKept, maxKept));
      }
    }
  }

  /// Creates limits under which every weight may be kept.
  public LayerLimits(Map<Integer, Range> rangeByLayer) {
    this(rangeByLayer, null);
  }

  /// Creates limits under which any weight may be zero.
  public LayerLimits(Map<Integer, Range> rangeByLayer, @Nullable Mask keepable) {
    this(rangeByLayer, keepable, null);
  }

  /// Copies the map.
  public LayerLimits {
    rangeByLayer = Collections.unmodifiableMap(new TreeMap<>(rangeByLayer));
  }

  /// Returns the same limits with another pattern.
  ///
  /// @param value null if any weight may be zero
  public LayerLimits withPattern(@Nullable PatternLayout value) {
    return new LayerLimits(rangeByLayer, keepable, value);
  }

  /// Refuses a pattern, for a projection that would ignore it.
  ///
  /// @throws IllegalArgumentException if there is one
  public void refusePattern() {
    if (pattern != null) {
      throw new IllegalArgumentException(
          "this projection knows no pattern; zeros in '%s' need a PatternedProjection"
              .formatted(pattern.pattern()));
    }
  }

  /// Refuses limits that do not fit the layers.
  ///
  /// @param names names of the layers
  /// @param counts number of weights of each layer
  /// @throws IllegalArgumentException if a limit names no layer or asks for more than it has
  public void refuseOutside(List<String> names, List<Integer> counts) {
    rangeByLayer.forEach((layer, range) -> {
      if (layer < 0 || layer >= names.size()) {
        throw new IllegalArgumentException(
            "a limit is set on layer %d, but there are %d layers".formatted(layer, names.size()));
      }
      if (range.minKept() > counts.get(layer)) {
        throw new IllegalArgumentException(
            "layer '%s' must keep %d weights but has %d"
                .formatted(names.get(layer), range.minKept(), counts.get(layer)));
      }
    });
  }
}
