package falcon.model.layer;

import falcon.model.DataType;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.List;

/// A weight tensor that is used in a body of control flow only, where data decide what is run. It
/// stays as it is.
///
/// @param tensor name: path of the body and its own name, or the name of an initializer
/// @param shape its shape
/// @param type type of its elements
/// @param flow the node of the graph that chooses or repeats the body
/// @param user the node in the body that multiplies
/// @param reason why it is not pruned
public record BranchWeights(
    String tensor, List<Long> shape, DataType type, Node flow, Node user, String reason) {
  /// Copies the shape.
  public BranchWeights {
    shape = List.copyOf(shape);
  }

  /// Returns the number of weights.
  public long weights() {
    return Tensor.elements(shape);
  }
}
