package falcon.model.layer;

import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.shape.FollowedShapes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Multiply-accumulates of single nodes, for all examples.
///
/// Windows are counted dense, as the field does: a position at the border costs as many as one in the
/// middle, though some of its terms are padding.
final class ProductMacs {
  private final FollowedShapes shapes;

  ProductMacs(FollowedShapes shapes) {
    this.shapes = shapes;
  }

  /// Operands that a node multiplies with each other, the data of a convolution or recurrent layer
  /// first.
  ///
  /// @return empty if the node multiplies nothing
  static List<Integer> operands(Node node) {
    if (!node.domain().isEmpty()) {
      return List.of();
    }
    return switch (node.opType()) {
      case "Conv", "ConvTranspose", "ConvInteger", "Gemm", "MatMul", "MatMulInteger" ->
          List.of(0, 1);
      case "QLinearConv", "QLinearMatMul" -> List.of(0, 3);
      case "LSTM", "GRU", "RNN", "Attention" -> List.of(0, 1, 2);
      case "Einsum" -> IntStream.range(0, node.inputs().size()).boxed().toList();
      default -> List.of();
    };
  }

  /// What a node costs.
  ///
  /// @return null if a shape that it takes is not known, or contradicts the node
  /// @throws UnusableNodeException if the count is beyond 64 bits
  @Nullable Long of(Node node) {
    if (shapes.isContradictory(node)) {
      return null;
    }
    try {
      return switch (node.opType()) {
        case "Conv", "ConvInteger" -> convolution(node, 1);
        case "QLinearConv" -> convolution(node, 3);
        case "ConvTranspose" -> transposedConvolution(node);
        case "Gemm" -> matrices(node, node.integer("transA", 0) == 1 ? 0 : 1);
        case "MatMul", "MatMulInteger", "QLinearMatMul" -> matrices(node, -1);
        case "LSTM", "GRU", "RNN" -> sum(recurrent(node, 1), recurrent(node, 2));
        case "Einsum" -> einsum(node);
        case "Attention" -> attention(node);
        default -> 0L;
      };
    } catch (ArithmeticException | IndexOutOfBoundsException e) {
      throw new UnusableNodeException(
          node, "its multiply-accumulates are beyond counting", "Check its shapes.");
    }
  }

  /// The part of a node's cost that one of its weight tensors has.
  ///
  /// @return null if a shape that it takes is not known, or contradicts the node
  @Nullable Long of(WeightUse use) {
    if (shapes.isContradictory(use.node())) {
      return null;
    }
    return switch (use.node().opType()) {
      case "Gather" -> 0L;
      case "LSTM", "GRU", "RNN" -> recurrent(use.node(), use.operand());
      default -> of(use.node());
    };
  }

  /// `[out, in / group, kernel…]`: an output is a sum over all axes but the first.
  private @Nullable Long convolution(Node node, int weightOperand) {
    List<Long> output = shape(output(node));
    List<Long> weights = shape(node.input(weightOperand));
    return output == null || weights == null
        ? null
        : Math.multiplyExact(
            Tensor.elements(output), Tensor.elements(weights.subList(1, weights.size())));
  }

  /// `[in, out / group, kernel…]`: an input goes to all axes but the first.
  private @Nullable Long transposedConvolution(Node node) {
    List<Long> input = shape(node.input(0));
    List<Long> weights = shape(node.input(1));
    return input == null || weights == null
        ? null
        : Math.multiplyExact(
            Tensor.elements(input), Tensor.elements(weights.subList(1, weights.size())));
  }

  /// @param termAxis axis of the left operand that is summed over, −1 for the last
  private @Nullable Long matrices(Node node, int termAxis) {
    List<Long> output = shape(output(node));
    List<Long> left = shape(node.input(0));
    if (output == null || left == null) {
      return null;
    }
    long terms = termAxis < 0 ? left.getLast() : left.get(termAxis);
    return Math.multiplyExact(Tensor.elements(output), terms);
  }

  /// Every weight `[directions, gates · hidden, inputs or hidden]` acts once in each time step.
  private @Nullable Long recurrent(Node node, int operand) {
    List<Long> steps = shape(node.input(0));
    List<Long> weights = shape(node.input(operand));
    return steps == null || weights == null
        ? null
        : Math.multiplyExact(Tensor.elements(steps.subList(0, 2)), Tensor.elements(weights));
  }

  /// `[b, heads, m, k] · [b, heads, k, n] · [b, heads, n, l]`: b · heads · m · n · (k + l), masked or not.
  private @Nullable Long attention(Node node) {
    List<Long> q = shape(node.input(0));
    List<Long> k = shape(node.input(1));
    List<Long> y = shape(output(node));
    if (q == null || k == null || y == null) {
      return null;
    }
    long keys = k.get(k.size() - 2); // elements of q and y: b · heads · m · k and b · heads · m · l
    return Math.multiplyExact(keys, Math.addExact(Tensor.elements(q), Tensor.elements(y)));
  }

  /// Product of the sizes of all labels, where two operands meet.
  private @Nullable Long einsum(Node node) {
    String inputs = node.text("equation", "").replace(" ", "").split("->", 2)[0];
    String[] terms = inputs.split(",", -1);
    Map<String, Long> sizeByLabel = new HashMap<>();
    for (int i = 0; i < terms.length; i++) {
      List<Long> shape = shape(node.input(i));
      if (shape == null || terms.length > 2) {
        return null;
      }
      addLabels(terms[i], shape, sizeByLabel);
    }
    return terms.length == 1 ? 0 : Tensor.elements(sizeByLabel.values().stream().toList());
  }

  /// Axes under an ellipsis are labelled by their distance from its end, so that they stretch.
  private static void addLabels(String term, List<Long> shape, Map<String, Long> sizeByLabel) {
    int letters = term.replace(".", "").length();
    int hidden = term.contains("...") ? shape.size() - letters : 0;
    int axis = 0;
    for (int i = 0; i < term.length(); i++) {
      if (term.charAt(i) != '.') {
        sizeByLabel.merge(term.substring(i, i + 1), shape.get(axis++), Math::max);
      } else if (term.startsWith("...", i)) {
        for (int left = hidden; left > 0; left--) {
          sizeByLabel.merge("." + left, shape.get(axis++), Math::max);
        }
        i += 2;
      }
    }
  }

  private @Nullable List<Long> shape(@Nullable String value) {
    return value == null ? null : shapes.of(value);
  }

  private static @Nullable String output(Node node) {
    return node.outputs().isEmpty() ? null : node.outputs().getFirst();
  }

  private static @Nullable Long sum(@Nullable Long a, @Nullable Long b) {
    return a == null || b == null ? null : Math.addExact(a, b);
  }
}
