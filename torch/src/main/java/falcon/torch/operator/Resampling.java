package falcon.torch.operator;

import falcon.torch.UnsupportedNetworkException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The neighbours that each element of a resampled axis is computed from, with their weights.
///
/// Source: ONNX operator specification, Resize, whose names of attribute values are kept.
final class Resampling {
  /// @param mode `nearest`, `linear` or `cubic`
  /// @param coordinates how the coordinate of a result's element in the original is computed
  /// @param rounding rounding of coordinates, for `nearest`
  /// @param cubic the coefficient a of cubic convolution
  /// @param excludesOutside whether neighbours beyond the edge have no weight
  /// @param antialias whether the filter is stretched when the axis shrinks
  /// @param outside value of elements that are outside the region
  record Options(
      String mode,
      String coordinates,
      String rounding,
      double cubic,
      boolean excludesOutside,
      boolean antialias,
      double outside) {
    boolean isCropped() {
      return coordinates.equals("tf_crop_and_resize");
    }
  }

  /// One neighbour of each element.
  static final class Tap {
    private final long[] places;
    private final double @Nullable [] weights;

    private Tap(long[] places, double @Nullable [] weights) {
      this.places = places;
      this.weights = weights;
    }

    /// Returns positions in the original axis, one for each element of the result.
    long[] places() {
      return places;
    }

    /// Returns the weights of the neighbours; null if they are all 1.
    double @Nullable [] weights() {
      return weights;
    }
  }

  private final Options options;
  private final long size;
  private final long wanted;
  private final double scale;
  private final double start;
  private final double end;

  /// @param scale scale of the axis; `wanted` may be rounded
  /// @param start start of the region that is resampled, 0 = first element, 1 = last
  Resampling(Options options, long size, long wanted, double scale, double start, double end) {
    this.options = options;
    this.size = size;
    this.wanted = wanted;
    this.scale = scale;
    this.start = start;
    this.end = end;
  }

  /// Returns whether the axis stays as it is.
  boolean isIdentity() {
    return wanted == size && scale == 1 && !options.isCropped();
  }

  List<Tap> taps() {
    return switch (options.mode()) {
      case "nearest" -> List.of(nearest());
      case "linear" -> weighted(options.antialias() ? stretch() : 1, false);
      case "cubic" -> weighted(2 * (options.antialias() ? stretch() : 1), true);
      default ->
          throw new UnsupportedNetworkException(
              "Resize cannot be executed: mode=" + options.mode() + ".");
    };
  }

  /// @return 1 for elements outside the region, 0 for others; null if the node has no region
  long @Nullable [] outside() {
    if (!options.isCropped()) {
      return null;
    }
    var flags = new long[(int) wanted];
    for (int i = 0; i < flags.length; i++) {
      double place = place(i);
      flags[i] = place < 0 || place > size - 1 ? 1 : 0;
    }
    return flags;
  }

  private double stretch() {
    return Math.max(1, 1 / scale);
  }

  /// Returns a coordinate in the original. It is in float32, as in ONNX Runtime: whether a
  /// coordinate is just below an integer or equal to it decides which element is nearest.
  private float place(long i) {
    float ratio = (float) scale;
    return switch (options.coordinates()) {
      case "half_pixel" -> (i + 0.5f) / ratio - 0.5f;
      case "half_pixel_symmetric" -> {
        float adjustment = wanted / (ratio * size);
        yield size / 2.0f * (1 - adjustment) + (i + 0.5f) / ratio - 0.5f;
      }
      case "pytorch_half_pixel" -> wanted > 1 ? (i + 0.5f) / ratio - 0.5f : 0;
      case "align_corners" -> wanted == 1 ? 0 : (float) i * (size - 1) / (wanted - 1);
      case "asymmetric" -> i / ratio;
      case "tf_half_pixel_for_nn" -> (i + 0.5f) / ratio;
      case "tf_crop_and_resize" ->
          wanted > 1
              ? (float) start * (size - 1)
                  + (float) i * (float) (end - start) * (size - 1) / (wanted - 1)
              : 0.5f * (float) (start + end) * (size - 1);
      default ->
          throw new UnsupportedNetworkException(
              "Resize cannot be executed: coordinate_transformation_mode=%s."
                  .formatted(options.coordinates()));
    };
  }

  private Tap nearest() {
    var places = new long[(int) wanted];
    for (int i = 0; i < places.length; i++) {
      places[i] = Math.clamp(rounded(place(i)), 0L, size - 1);
    }
    return new Tap(places, null);
  }

  private long rounded(float place) {
    return switch (options.rounding()) {
      case "round_prefer_floor" -> (long) Math.ceil(place - 0.5);
      case "round_prefer_ceil" -> (long) Math.floor(place + 0.5);
      case "floor" -> (long) Math.floor(place);
      case "ceil" -> (long) Math.ceil(place);
      case "simple" -> scale < 1 ? (long) Math.ceil(place) : (long) place;
      default ->
          throw new UnsupportedNetworkException(
              "Resize cannot be executed: nearest_mode=%s.".formatted(options.rounding()));
    };
  }

  /// @param reach distance up to which neighbours have weights, in elements of the original
  private List<Tap> weighted(double reach, boolean isCubic) {
    int count = 2 * (int) Math.ceil(reach) + (reach > 2 || (reach > 1 && !isCubic) ? 1 : 0);
    var places = new long[count][(int) wanted];
    var weights = new double[count][(int) wanted];
    boolean excludes = options.excludesOutside();
    for (int i = 0; i < wanted; i++) {
      double place = place(i);
      if (!isCubic && !options.antialias()) {
        place = Math.clamp(place, 0.0, size - 1.0);
      }
      long first = (long) Math.floor(place) - (count - 1) / 2;
      double total = 0;
      for (int t = 0; t < count; t++) {
        long neighbour = first + t;
        double weight = weight(place - neighbour, reach, isCubic);
        boolean isOutside = neighbour < 0 || neighbour >= size;
        weights[t][i] = isOutside && excludes ? 0 : weight;
        places[t][i] = Math.clamp(neighbour, 0L, size - 1);
        total += weights[t][i];
      }
      for (int t = 0; t < count; t++) {
        weights[t][i] /= total;
      }
    }
    var taps = new ArrayList<Tap>();
    for (int t = 0; t < count; t++) {
      taps.add(new Tap(places[t], weights[t]));
    }
    return taps;
  }

  private double weight(double distance, double reach, boolean isCubic) {
    if (!isCubic) {
      return Math.max(0, 1 - Math.abs(distance) / reach);
    }
    double a = options.cubic();
    double d = Math.abs(distance) * 2 / reach;
    if (d <= 1) {
      return ((a + 2) * d - (a + 3)) * d * d + 1;
    }
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
  }
}
