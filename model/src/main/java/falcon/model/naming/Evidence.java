package falcon.model.naming;

import java.util.List;
import java.util.function.Function;

/// What decides between tensors of a state dict whose values fit alike.
final class Evidence {
  private Evidence() {}

  /// Returns those of the candidates that other evidence than values speaks for: the constant's
  /// name, then the module in the node's name, then what the operand is called.
  ///
  /// @param tensor a candidate's tensor
  /// @return all candidates if nothing decides
  static <T> List<T> narrowed(List<T> candidates, Function<T, StateTensor> tensor, Use use) {
    List<T> left = candidates;
    for (String name : use.names()) {
      left = preferred(left, each -> tensor.apply(each).name().equals(name));
      left = preferred(left, each -> isSame(tensor.apply(each).plainName(), name));
    }
    String module = use.module();
    if (!module.isEmpty()) {
      left = preferred(left, each -> isSame(tensor.apply(each).module(), module));
    }
    String leaf = leaf(use);
    if (!leaf.isEmpty()) {
      left = preferred(left, each -> tensor.apply(each).leaf().equals(leaf));
    }
    return left;
  }

  private static <T> List<T> preferred(List<T> candidates, Function<T, Boolean> speaksFor) {
    if (candidates.size() < 2) {
      return candidates;
    }
    List<T> some = candidates.stream().filter(speaksFor::apply).toList();
    return some.isEmpty() ? candidates : some;
  }

  /// Returns whether two names are the same but for a prefix of one of them, like `module.`.
  static boolean isSame(String one, String other) {
    return one.equals(other) || one.endsWith("." + other) || other.endsWith("." + one);
  }

  private static String leaf(Use use) {
    if (use.node().is("BatchNormalization")) {
      return switch (use.operand()) {
        case 1 -> "weight";
        case 2 -> "bias";
        case 3 -> "running_mean";
        default -> "running_var";
      };
    }
    if (use.node().is("Add") || use.node().is("Mul")) {
      return use.node().is("Add") ? "bias" : "weight";
    }
    return use.operand() == 2 ? "bias" : use.operand() == 1 ? "weight" : "";
  }
}
