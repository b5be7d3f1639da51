package falcon.model.operator;

import falcon.model.Attribute;
import falcon.model.Node;
import falcon.model.UnusableNodeException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// An axis that `Resize` or `Upsample` changes: the neighbours that each element of the result is
/// computed from, with their weights. A node changes its axes one after the other.
///
/// Source: ONNX operator specification, Resize, whose names of attribute values are kept.
public final class Resampling {
  /// First opset with regions, sizes and the choice of coordinates.
  private static final long COORDINATES = 11;

  /// @param node the node in messages
  /// @param mode `nearest`, `linear` or `cubic`
  /// @param coordinates how the coordinate of a result's element in the original is computed
  /// @param rounding rounding of coordinates, for `nearest`
  /// @param cubic the coefficient a of cubic convolution
  /// @param excludesOutside whether neighbours beyond the edge have no weight
  /// @param antialias whether the filter is stretched when the axis shrinks
  /// @param outside value of elements that are outside the region
  private record Options(
      Node node,
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
  public static final class Tap {
    private final long[] places;
    private final double @Nullable [] weights;

    private Tap(long[] places, double @Nullable [] weights) {
      this.places = places;
      this.weights = weights;
    }

    /// Returns positions in the original axis, one for each element of the result.
    public long[] places() {
      return places;
    }

    /// Returns the weights of the neighbours; null if they are all 1.
    public double @Nullable [] weights() {
      return weights;
    }
  }

  private final int axis;
  private final Options options;
  private final long size;
  private final long wanted;
  private final double scale;
  private final double start;
  private final double end;

  /// @param scale scale of the axis; `wanted` may be rounded
  /// @param start start of the region that is resampled, 0 = first element, 1 = last
  private Resampling(
      Options options, int axis, long size, long wanted, double scale, double start, double end) {
    this.options = options;
    this.axis = axis;
    this.size = size;
    this.wanted = wanted;
    this.scale = scale;
    this.start = start;
    this.end = end;
  }

  /// Returns the axes that a node changes, in the order in which it names them.
  ///
  /// @param node a `Resize` or an `Upsample`
  /// @param opset version of ONNX's own operator set
  /// @param shape shape of the first input
  /// @param inputs content of the other inputs by number, null where the node omits one
  /// @throws UnusableNodeException if it has neither scales nor sizes, or an unknown mode
  public static List<Resampling> of(
      Node node, long opset, List<Long> shape, IntFunction<double @Nullable []> inputs) {
    boolean isOld = isOld(node, opset);
    Options options = isOld ? oldOptions(node) : options(node);
    int[] axes =
        node.integers("axes", LongStream.range(0, shape.size()).boxed().toList()).stream()
            .mapToInt(axis -> (int) (axis < 0 ? axis + shape.size() : axis))
            .toArray();
    double[] scales = scales(node, isOld, inputs);
    double[] sizes = isOld || shape.isEmpty() ? null : filled(inputs.apply(3));
    double[] regions = options.isCropped() ? inputs.apply(1) : null;
    if (sizes == null && scales == null) {
      throw unusable(node, "it has neither scales nor sizes");
    }
    double common = sizes == null ? 0 : commonScale(node, axes, sizes, shape);
    var result = new ArrayList<Resampling>();
    for (int i = 0; i < axes.length; i++) {
      long size = shape.get(axes[i]);
      long wanted;
      double scale;
      if (sizes == null) {
        scale = scales == null ? 1 : scales[i];
        wanted = (long) Math.floor(size * scale);
      } else {
        scale = common == 0 ? sizes[i] / size : common;
        wanted = common == 0 ? (long) sizes[i] : (long) Math.floor(common * size + 0.5);
      }
      double start = regions == null ? 0 : regions[i];
      double end = regions == null ? 1 : regions[i + axes.length];
      var resampling = new Resampling(options, axes[i], size, wanted, scale, start, end);
      if (!resampling.isIdentity()) {
        result.add(resampling);
      }
    }
    return result;
  }

  /// Returns whether a node has the form of before opset 11, with scales alone.
  private static boolean isOld(Node node, long opset) {
    return opset < COORDINATES || node.is("Upsample");
  }

  private static Options oldOptions(Node node) {
    String mode = node.text("mode", "nearest");
    return new Options(
        node,
        mode.equals("bilinear") ? "linear" : mode,
        "asymmetric",
        node.is("Upsample") ? "floor" : "simple",
        -0.75,
        false,
        false,
        0);
  }

  private static Options options(Node node) {
    return new Options(
        node,
        node.text("mode", "nearest"),
        node.text("coordinate_transformation_mode", "half_pixel"),
        node.text("nearest_mode", "round_prefer_floor"),
        node.real("cubic_coeff_a", -0.75f),
        node.integer("exclude_outside", 0) != 0,
        node.integer("antialias", 0) != 0,
        node.real("extrapolation_value", 0));
  }

  private static double @Nullable [] scales(
      Node node, boolean isOld, IntFunction<double @Nullable []> inputs) {
    if (node.attributes().get("scales") instanceof Attribute.FloatList(List<Float> values)) {
      return values.stream().mapToDouble(Float::doubleValue).toArray();
    }
    return filled(inputs.apply(isOld ? 1 : 2));
  }

  private static double @Nullable [] filled(double @Nullable [] given) {
    return given == null || given.length == 0 ? null : given;
  }

  /// Returns the scale of all axes where the aspect ratio is kept, else 0.
  private static double commonScale(Node node, int[] axes, double[] sizes, List<Long> shape) {
    String policy = node.text("keep_aspect_ratio_policy", "stretch");
    if (policy.equals("stretch")) {
      return 0;
    }
    boolean isLeast = policy.equals("not_larger");
    double scale = isLeast ? Double.POSITIVE_INFINITY : 0;
    for (int i = 0; i < sizes.length; i++) {
      double own = sizes[i] / shape.get(axes[i]);
      scale = isLeast ? Math.min(scale, own) : Math.max(scale, own);
    }
    return scale;
  }

  private static UnusableNodeException unusable(Node node, String problem) {
    return new UnusableNodeException(
        node, problem, "Export the network with a form of it that ONNX defines.");
  }

  /// Returns the axis, from 0.
  public int axis() {
    return axis;
  }

  /// Returns the size of the axis in the result.
  public int wanted() {
    return Math.toIntExact(wanted);
  }

  /// Returns the value of elements outside the region.
  public double outsideValue() {
    return options.outside();
  }

  /// Returns whether the axis stays as it is.
  private boolean isIdentity() {
    return wanted == size && scale == 1 && !options.isCropped();
  }

  /// Returns the neighbours; an element of the result is the weighted sum of its own.
  public List<Tap> taps() {
    return switch (options.mode()) {
      case "nearest" -> List.of(nearest());
      case "linear" -> weighted(options.antialias() ? stretch() : 1, false);
      case "cubic" -> weighted(2 * (options.antialias() ? stretch() : 1), true);
      default ->
          throw unusable(options.node(), "its mode '%s' is unknown".formatted(options.mode()));
    };
  }

  /// Returns which elements of the result are outside the region.
  ///
  /// @return 1 for elements outside the region, 0 for others; null if the node has no region
  public long @Nullable [] outside() {
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
          throw unusable(
              options.node(),
              "its coordinate_transformation_mode '%s' is unknown"
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
          throw unusable(
              options.node(), "its nearest_mode '%s' is unknown".formatted(options.rounding()));
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
