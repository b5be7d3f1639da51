package falcon.model.operator;

import falcon.model.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An `Einsum` of an input and weights as products of matrices, one for each combination of the
/// letters that input, weights and output share:
///
/// ```
/// output [groups, free, outputs] = Σ over terms of input [groups, free, terms] · weights
/// ```
///
/// @param input letters of the input; `.` stands for all axes of an ellipsis
/// @param output letters of the output, likewise
/// @param groups letters of all three
/// @param free letters of input and output, in the input's order
/// @param outputs letters of weights and output, in the weights' order
/// @param terms letters of weights and input, in the weights' order
/// @param hasTermsFirst whether the weights are `[groups, terms, outputs]`, and not
///     `[groups, outputs, terms]`
public record EinsumWeights(
    String input,
    String output,
    String groups,
    String free,
    String outputs,
    String terms,
    boolean hasTermsFirst) {
  private static final String AXES = ".";

  /// Reads a node's equation.
  ///
  /// @param operand number of the operand that is the weights
  /// @return null if it is no such product, or has the axes of its weights in another order
  public static @Nullable EinsumWeights of(Node node, int operand) {
    String equation = node.text("equation", "").replace(" ", "").replace("...", AXES);
    String[] sides = equation.split("->", -1);
    String[] factors = sides[0].split(",", -1);
    if (factors.length != 2 || node.inputs().size() != 2 || operand > 1 || sides.length > 2) {
      return null;
    }
    String output = sides.length == 2 ? sides[1] : implied(sides[0]);
    return of(factors[1 - operand], factors[operand], output);
  }

  private static @Nullable EinsumWeights of(String input, String weights, String output) {
    if (weights.contains(AXES)
        || repeats(input)
        || repeats(weights)
        || repeats(output)
        || !all(input, letter -> has(weights, letter) || has(output, letter))
        || !all(weights, letter -> has(input, letter) || has(output, letter))) {
      return null;
    }
    String groups = those(weights, letter -> has(input, letter) && has(output, letter));
    String outputs = those(weights, letter -> !has(input, letter));
    String terms = those(weights, letter -> !has(output, letter));
    boolean hasTermsFirst = weights.equals(groups + terms + outputs);
    if (terms.isEmpty()
        || outputs.isEmpty()
        || (!hasTermsFirst && !weights.equals(groups + outputs + terms))) {
      return null;
    }
    String free = those(input, letter -> !has(weights, letter));
    return new EinsumWeights(input, output, groups, free, outputs, terms, hasTermsFirst);
  }

  /// Letters that stand once, in alphabetical order, behind the axes of the ellipsis.
  private static String implied(String factors) {
    List<String> letters = List.of(factors.replace(",", "").replace(AXES, "").split(""));
    String once =
        String.join(
            "",
            letters.stream()
                .filter(letter -> letters.indexOf(letter) == letters.lastIndexOf(letter))
                .sorted()
                .toList());
    return (factors.contains(AXES) ? AXES : "") + once;
  }

  /// A condition on a letter.
  @FunctionalInterface
  private interface Condition {
    boolean holds(int letter);
  }

  private static boolean has(String letters, int letter) {
    return letters.indexOf(letter) >= 0;
  }

  private static boolean repeats(String letters) {
    return letters.chars().distinct().count() < letters.length();
  }

  private static boolean all(String letters, Condition condition) {
    return letters.chars().allMatch(condition::holds);
  }

  private static String those(String letters, Condition condition) {
    var found = new StringBuilder();
    letters.chars().filter(condition::holds).forEach(found::appendCodePoint);
    return found.toString();
  }
}
