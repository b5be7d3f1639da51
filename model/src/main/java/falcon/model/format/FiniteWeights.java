package falcon.model.format;

import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.operator.OperatorRule;
import falcon.model.operator.OperatorRules;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Refuses networks with weights that are not finite, which a diverged training leaves behind.
///
/// Only tensors read by layers and normalisation are checked; elsewhere, in the mask of an
/// attention for instance, infinity is legitimate.
final class FiniteWeights {
  private FiniteWeights() {}

  /// Checks a network.
  ///
  /// @throws MalformedModelException if a weight is NaN or infinite: names all such tensors
  static Network check(Network network, Path path) {
    var problems = new ArrayList<String>();
    for (String name : weights(network)) {
      Tensor tensor = network.tensor(name);
      if (!tensor.type().isFloatingPoint()) {
        continue;
      }
      float[] values = tensor.toFloats();
      for (int i = 0; i < values.length; i++) {
        if (!Float.isFinite(values[i])) {
          problems.add("%s holds %s at %s".formatted(name, values[i], place(i, tensor.shape())));
          break;
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new MalformedModelException(
          path,
          "%d tensor%s not finite:%n  %s"
              .formatted(
                  problems.size(),
                  problems.size() == 1 ? " is" : "s are",
                  String.join("%n  ".formatted(), problems)),
          "The training probably diverged; take an earlier checkpoint.");
    }
    return network;
  }

  private static Set<String> weights(Network network) {
    var names = new LinkedHashSet<String>();
    for (Node node : network.nodes()) {
      if (OperatorRules.has(node, OperatorRule.Trait.FINITE)) {
        for (String input : node.inputs()) {
          if (network.initializers().containsKey(input)) {
            names.add(input);
          }
        }
      }
    }
    return names;
  }

  /// Returns the index of an element in a tensor of that shape.
  private static List<Long> place(int element, List<Long> shape) {
    var place = new ArrayList<Long>();
    long rest = element;
    for (long size : shape.reversed()) {
      place.add(rest % size);
      rest /= size;
    }
    return place.reversed();
  }
}
