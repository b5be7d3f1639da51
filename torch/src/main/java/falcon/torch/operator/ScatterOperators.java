package falcon.torch.operator;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/// Operators that replace some elements of a value, or combine them with others.
final class ScatterOperators {
  private ScatterOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("ScatterElements", Operator.of(ScatterOperators::elements));
    all.put("Scatter", Operator.of(ScatterOperators::elements)); // its name up to opset 10
    all.put("ScatterND", Operator.of(ScatterOperators::blocks));
  }

  private static Tensor elements(Operands in) {
    int axis = in.axis(0);
    Tensor places = SelectionOperators.fromFront(in.y(), in.x().size(axis));
    return scattered(in, in.x(), axis, places, in.get(2));
  }

  /// Computes `ScatterND`: `indices[…, k]` address blocks of the first k axes.
  private static Tensor blocks(Operands in) {
    Tensor x = in.x();
    Tensor indices = in.y();
    long[] shape = x.shape();
    int depth = (int) indices.size(-1);
    long blocks = SelectionOperators.product(shape, 0, depth);
    long each = SelectionOperators.product(shape, depth, shape.length);
    Tensor places = SelectionOperators.blockPlaces(indices, shape, 0).reshape(-1, 1);
    long count = places.size(0);
    return scattered(
            in,
            x.reshape(blocks, each),
            0,
            places.expand(count, each),
            in.get(2).reshape(count, each))
        .reshape(shape);
  }

  private static Tensor scattered(Operands in, Tensor x, int axis, Tensor places, Tensor updates) {
    String reduction = in.node().text("reduction", "none");
    return switch (reduction) {
      case "none" -> x.scatter(axis, places, updates);
      case "add" -> x.scatter_add(axis, places, updates);
      case "mul" -> x.scatter_reduce(axis, places, updates, "prod", true);
      case "max" -> x.scatter_reduce(axis, places, updates, "amax", true);
      case "min" -> x.scatter_reduce(axis, places, updates, "amin", true);
      default -> throw in.unsupported("reduction=" + reduction);
    };
  }
}
