package falcon.model.operator;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Shape inference of `Einsum`: each letter is an axis, `...` means any further axes.
final class EinsumShapes {
  private static final String ELLIPSIS = "...";

  private EinsumShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put(
        "Einsum",
        OperatorRule.ofShape(EinsumShapes::einsum).multiplies(new EinsumProduct()).learns(0, 1));
  }

  /// Infers the output of `Einsum`. Without `->` it has the letters that occur once, in
  /// alphabetical order, after the axes of the ellipsis.
  ///
  /// Source: ONNX operator specification, Einsum.
  private static List<Long> einsum(Operands operands) {
    String equation = operands.node().text("equation", "").replace(" ", "");
    String[] sides = equation.split("->", -1);
    String[] terms = sides[0].split(",", -1);
    if (terms.length != operands.inputs().size() || sides.length > 2) {
      throw operands.mismatch("the equation '%s' does not fit".formatted(equation));
    }
    Map<Character, Long> sizes = new TreeMap<>();
    Map<Character, Integer> uses = new TreeMap<>();
    List<Long> further = List.of();
    for (int i = 0; i < terms.length; i++) {
      List<Long> own = read(operands, operands.shape(i), terms[i], sizes, uses);
      further = Broadcast.shape(operands, further, own);
    }
    String output = sides.length == 2 ? sides[1] : implied(uses, sides[0].contains(ELLIPSIS));
    var shape = new ArrayList<Long>();
    for (int i = 0; i < output.length(); i++) {
      if (output.startsWith(ELLIPSIS, i)) {
        shape.addAll(further);
        i += ELLIPSIS.length() - 1;
      } else {
        Long size = sizes.get(output.charAt(i));
        if (size == null) {
          throw operands.mismatch("'%s' is in no input".formatted(output.charAt(i)));
        }
        shape.add(size);
      }
    }
    return shape;
  }

  private static String implied(Map<Character, Integer> uses, boolean hasEllipsis) {
    var output = new StringBuilder(hasEllipsis ? ELLIPSIS : "");
    uses.forEach((letter, count) -> {
      if (count == 1) {
        output.append(letter);
      }
    });
    return output.toString();
  }

  /// Records the sizes of a term's letters.
  ///
  /// @return the sizes of the axes under its ellipsis
  private static List<Long> read(
      Operands operands,
      List<Long> shape,
      String term,
      Map<Character, Long> sizes,
      Map<Character, Integer> uses) {
    int letters = term.replace(ELLIPSIS, "").length();
    int axis = 0;
    List<Long> further = List.of();
    boolean hasEllipsis = term.contains(ELLIPSIS);
    if (letters > shape.size() || (!hasEllipsis && letters < shape.size())) {
      throw operands.mismatch("the term '%s' does not fit".formatted(term));
    }
    for (int i = 0; i < term.length(); i++) {
      if (term.startsWith(ELLIPSIS, i)) {
        further = shape.subList(axis, axis + shape.size() - letters);
        axis += shape.size() - letters;
        i += ELLIPSIS.length() - 1;
      } else {
        long size = shape.get(axis++);
        sizes.merge(term.charAt(i), size, Math::max);
        uses.merge(term.charAt(i), 1, Integer::sum);
      }
    }
    return further;
  }

  /// Counts the product of the sizes of all labels, if there are two operands.
  private static final class EinsumProduct implements Product {
    @Override
    public List<Integer> factors(Node node) {
      return IntStream.range(0, node.inputs().size()).boxed().toList();
    }

    @Override
    public List<Integer> weights(Node node) {
      return IntStream.range(0, node.inputs().size())
          .filter(operand -> EinsumWeights.of(node, operand) != null)
          .boxed()
          .toList();
    }

    @Override
    public @Nullable Long macs(NodeShapes shapes) {
      String equation = shapes.node().text("equation", "");
      String inputs = equation.replace(" ", "").split("->", 2)[0];
      String[] terms = inputs.split(",", -1);
      Map<String, Long> sizeByLabel = new HashMap<>();
      for (int i = 0; i < terms.length; i++) {
        List<Long> shape = shapes.input(i);
        if (shape == null || terms.length > 2) {
          return null;
        }
        addLabels(terms[i], shape, sizeByLabel);
      }
      return terms.length == 1 ? 0 : Tensor.elements(sizeByLabel.values().stream().toList());
    }

    /// Adds the sizes of a term's labels. Axes under an ellipsis are labelled by their distance
    /// from its end, so that they are broadcast.
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
  }
}
