package falcon.model.operator;

import falcon.model.Attribute;
import falcon.model.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Shape inference of operators that resample an image.
final class ResizeShapes {
  /// The number of inputs since the first version of `Resize` that has regions and sizes.
  private static final int INPUTS_WITH_REGION = 3;

  private ResizeShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put("Resize", OperatorRule.ofShape(ResizeShapes::resize));
    all.put("Upsample", OperatorRule.ofShape(ResizeShapes::resize));
    all.put("GridSample", OperatorRule.ofShape(ResizeShapes::gridSample));
    all.put("AffineGrid", OperatorRule.ofShape(ResizeShapes::affineGrid));
  }

  /// Infers the output of `Resize` and `Upsample`: the given sizes, or ⌊size · scale⌋.
  private static List<Long> resize(Operands operands) {
    Node node = operands.node();
    List<Long> shape = operands.shape(0);
    var axes = new ArrayList<Long>();
    for (long i = 0; i < shape.size(); i++) {
      axes.add(i);
    }
    List<Integer> places =
        node.integers("axes", axes).stream()
            .map(axis -> operands.axis(axis, shape.size()))
            .toList();
    List<Double> scales = scales(operands);
    List<Long> sizes =
        operands.has(3) && !operands.content(3).isEmpty() ? operands.content(3) : null;
    if ((sizes == null && scales == null)
        || (sizes != null && sizes.size() != places.size())
        || (sizes == null && scales != null && scales.size() != places.size())) {
      throw operands.mismatch("scales and sizes do not fit its axes");
    }
    var result = new ArrayList<>(shape);
    double kept = sizes == null ? 0 : keptScale(operands, places, sizes);
    for (int i = 0; i < places.size(); i++) {
      long size = shape.get(places.get(i));
      long wanted;
      if (sizes != null) {
        wanted = kept == 0 ? sizes.get(i) : (long) Math.floor(kept * size + 0.5);
      } else {
        wanted = (long) Math.floor(size * (scales == null ? 1 : scales.get(i)));
      }
      if (wanted < 1 && size > 0) {
        throw operands.mismatch("axis %d would have the size %d".formatted(places.get(i), wanted));
      }
      result.set(places.get(i), wanted);
    }
    return result;
  }

  private static @Nullable List<Double> scales(Operands operands) {
    Node node = operands.node();
    if (node.attributes().get("scales") instanceof Attribute.FloatList(List<Float> values)) {
      return values.stream().map(Float::doubleValue).toList();
    }
    int input = operands.inputs().size() >= INPUTS_WITH_REGION ? 2 : 1;
    if (!operands.has(input)) {
      return null;
    }
    List<Double> scales = operands.numbers(input);
    return scales.isEmpty() ? null : scales;
  }

  /// Returns the common scale of all axes.
  ///
  /// @return 0 unless the aspect ratio is kept
  private static double keptScale(Operands operands, List<Integer> axes, List<Long> sizes) {
    String policy = operands.node().text("keep_aspect_ratio_policy", "stretch");
    if (policy.equals("stretch")) {
      return 0;
    }
    boolean isLeast = policy.equals("not_larger");
    double scale = isLeast ? Double.POSITIVE_INFINITY : 0;
    for (int i = 0; i < axes.size(); i++) {
      double own = (double) sizes.get(i) / operands.shape(0).get(axes.get(i));
      scale = isLeast ? Math.min(scale, own) : Math.max(scale, own);
    }
    return scale;
  }

  /// Infers the output of `AffineGrid`: a map `[n, axes, axes + 1]` for each image of the size
  /// `[n, c, space…]` gives the coordinates `[n, space…, axes]` of its elements.
  private static List<Long> affineGrid(Operands operands) {
    List<Long> maps = operands.shape(0);
    List<Long> size = operands.content(1);
    long axes = size.size() - 2L;
    if (axes < 2
        || axes > 3
        || size.stream().anyMatch(each -> each < 1)
        || !maps.equals(List.of(size.getFirst(), axes, axes + 1))) {
      throw operands.mismatch("the maps do not fit images of the size %s".formatted(size));
    }
    var result = new ArrayList<>(List.of(size.getFirst()));
    result.addAll(size.subList(2, size.size()));
    result.add(axes);
    return result;
  }

  /// Infers the output of `GridSample`: `[n, c, …]` is sampled at the coordinates
  /// `[n, space…, axes]`.
  private static List<Long> gridSample(Operands operands) {
    List<Long> shape = operands.shape(0);
    List<Long> grid = operands.shape(1);
    if (grid.size() != shape.size() || shape.size() < 3) {
      throw operands.mismatch("the grid does not fit the image");
    }
    var result = new ArrayList<>(shape.subList(0, 2));
    result.addAll(grid.subList(1, grid.size() - 1));
    return result;
  }
}
