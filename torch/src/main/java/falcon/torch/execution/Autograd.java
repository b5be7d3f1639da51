package falcon.torch.execution;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Libtorch's gradients, with failures said in terms of the network.
public final class Autograd {
  private Autograd() {}

  /// Gradients of results, which are given up; those that nothing leads to are undefined.
  ///
  /// @param network that the results are from, for messages
  /// @param by what is differentiated by
  /// @param weights of the results' elements; empty where a result is one number
  /// @throws UnsupportedNetworkException if libtorch cannot go back through an operator
  /// @throws OutOfNodeMemoryException if there is too little memory
  public static TensorVector gradients(
      LoadedNetwork network, TensorVector results, TensorVector by, TensorVector weights) {
    try {
      return torch.grad(results, by, weights, new BoolOptional(false), false, true);
    } catch (RuntimeException e) {
      throw NodeFailures.ofGradients(network.program().network(), e);
    }
  }
}
