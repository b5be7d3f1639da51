package falcon.model.expansion;

import falcon.model.Attribute;
import falcon.model.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// ONNX Runtime's products of matrices that are turned over.
final class MatrixOperators {
  private MatrixOperators() {}

  /// `FusedMatMul`: α · A · B, where each operand may have its last two axes swapped (`transA`) and
  /// its first axis moved behind the others but the last (`transBatchA`).
  static boolean product(Fragment fragment, Expansion.Source source) {
    Node node = fragment.node();
    float alpha = node.real("alpha", 1);
    String output = RuntimeOperators.output(fragment);
    String product = alpha == 1 ? output : null;
    String left = turned(fragment, source, 0);
    String right = turned(fragment, source, 1);
    if (left != null && right != null) {
      product = made(fragment, product, "MatMul", Map.of(), left, right);
    } else {
      String equation = letters(node, "A", "mk") + "," + letters(node, "B", "kn") + "->...mn";
      product =
          made(
              fragment,
              product,
              "Einsum",
              Map.of("equation", new Attribute.StringValue(equation)),
              node.input(0),
              node.input(1));
    }
    if (alpha != 1) {
      fragment.make(output, "Mul", Map.of(), product, fragment.number(alpha));
    }
    return true;
  }

  private static String made(
      Fragment fragment,
      @Nullable String output,
      String opType,
      Map<String, Attribute> attributes,
      @Nullable String... inputs) {
    if (output == null) {
      return fragment.add(opType, attributes, inputs);
    }
    fragment.make(output, opType, attributes, inputs);
    return output;
  }

  /// An operand as `MatMul` takes it.
  ///
  /// @return null if it is to be turned over and has an unknown number of axes
  private static @Nullable String turned(Fragment fragment, Expansion.Source source, int input) {
    Node node = fragment.node();
    String name = node.input(input);
    String operand = input == 0 ? "A" : "B";
    boolean swaps = node.integer("trans" + operand, 0) != 0;
    boolean moves = node.integer("transBatch" + operand, 0) != 0;
    if (name == null || (!swaps && !moves)) {
      return name;
    }
    Integer rank = source.rank(name);
    if (rank == null) {
      return null;
    }
    if (rank < 2) {
      return name;
    }
    var order = new ArrayList<Long>();
    for (long axis = 0; axis < rank; axis++) {
      order.add(axis);
    }
    if (moves) {
      order.add(rank - 2, order.removeFirst());
    }
    if (swaps) {
      order.add(rank - 2, order.removeLast());
    }
    return fragment.add("Transpose", Map.of("perm", new Attribute.IntegerList(order)), name);
  }

  /// @param axes letters of the last two axes of the operand that is not turned over
  private static String letters(Node node, String operand, String axes) {
    String own =
        node.integer("trans" + operand, 0) == 0
            ? axes
            : new StringBuilder(axes).reverse().toString();
    return node.integer("transBatch" + operand, 0) == 0
        ? "..." + own
        : own.charAt(0) + "..." + own.charAt(1);
  }

  /// Attribute that holds axes.
  static Map<String, Attribute> axes(Long... axes) {
    return Map.of("axes", new Attribute.IntegerList(List.of(axes)));
  }
}
