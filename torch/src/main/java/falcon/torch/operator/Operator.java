package falcon.torch.operator;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// What libtorch computes for a node.
@FunctionalInterface
interface Operator {
  /// An operator with one output.
  @FunctionalInterface
  interface Single {
    Tensor run(Operands in);
  }

  /// @return the node's outputs in order; those at the end that no one reads may be left out
  /// @throws UnsupportedNetworkException if one of the node's options is not known here
  List<Tensor> run(Operands in);

  static Operator of(Single operator) {
    return in -> List.of(operator.run(in));
  }
}
