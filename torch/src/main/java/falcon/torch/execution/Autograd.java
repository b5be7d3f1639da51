package falcon.torch.execution;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Computes gradients by libtorch, with failures described in terms of the network.
public final class Autograd {
  private Autograd() {}

  /// Computes gradients of results, whose graphs are released; gradients by tensors that the
  /// results do not depend on are undefined.
  ///
  /// @param network network that computed the results, for messages
  /// @param by tensors to differentiate with respect to
  /// @param weights weights of the results' elements; empty where a result is one number
  /// @throws UnsupportedNetworkException if libtorch cannot differentiate an operator
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
