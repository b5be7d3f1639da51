package falcon.model.operator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Shapes of `Einsum`: each letter is an axis, `...` stands for any further axes.
final class EinsumShapes {
  private static final String ELLIPSIS = "...";

  private EinsumShapes() {}

  /// Source: ONNX `Einsum`; without `->` the result has the letters that stand once, in alphabetical
  /// order, behind the axes of the ellipsis.
  static List<Long> einsum(Operands operands) {
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

  /// Notes the sizes of a term's letters.
  ///
  /// @return the sizes that its ellipsis stands for
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
}
