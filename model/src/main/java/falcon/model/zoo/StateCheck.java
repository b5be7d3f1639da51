package falcon.model.zoo;

import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Compares a state dict with the tensors that an architecture requires.
final class StateCheck {
  private StateCheck() {}

  /// Throws if anything differs, naming all differences.
  static void check(
      Map<String, List<Long>> wanted,
      Map<String, Tensor> found,
      Path source,
      Architecture architecture) {
    var problems = new ArrayList<String>();
    wanted.forEach((name, shape) -> {
      Tensor tensor = found.get(name);
      if (tensor == null) {
        problems.add("missing: %s %s".formatted(name, shape));
      } else if (!tensor.shape().equals(shape)) {
        problems.add("shape: %s is %s, not %s".formatted(name, tensor.shape(), shape));
      } else if (!tensor.type().isFloatingPoint()) {
        problems.add("type: %s is %s, not %s".formatted(name, tensor.type(), DataType.FLOAT32));
      }
    });
    found.forEach((name, tensor) -> {
      if (!wanted.containsKey(name)) {
        problems.add("extra: %s %s".formatted(name, tensor.shape()));
      }
    });
    if (!problems.isEmpty()) {
      throw new MalformedModelException(
          source,
          "%d tensor%s not fit architecture %s:%n  %s"
              .formatted(
                  problems.size(),
                  problems.size() == 1 ? " does" : "s do",
                  architecture.id(),
                  String.join("%n  ".formatted(), problems)),
          "Name the architecture that this file was saved from, or save its state dict again.");
    }
  }
}
