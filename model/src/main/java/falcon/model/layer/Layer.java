package falcon.model.layer;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One weight tensor of a network and the cost of its weights.
///
/// @param tensor name of the initializer
/// @param shape its shape, as the graph has it
/// @param nodes operators that use it as weights, in graph order; more than one if it is shared
///     (tied)
/// @param macsPerWeight multiply-accumulates that each weight costs for one example: positions of a
///     convolution's output (of a transposed one's input), rows (tokens) of a matrix product, time
///     steps of a recurrent layer, 0 for an embedding, which is looked up; added up over `nodes`
/// @param uncountedReason why `macsPerWeight` is not known, and 0; null if it is
/// @param notPrunableReason why the tensor stays as it is; null if it may be pruned
/// @param isAdaptable whether values may change to compensate for pruning; true for prunable
///     layers, and for those that the architecture keeps dense
public record Layer(
    String tensor,
    List<Long> shape,
    List<Node> nodes,
    long macsPerWeight,
    @Nullable String uncountedReason,
    @Nullable String notPrunableReason,
    boolean isAdaptable) {

  public Layer {
    shape = List.copyOf(shape);
    nodes = List.copyOf(nodes);
  }

  /// Returns the types of the operators that use the weights, each once: `Conv`, or `Gather+MatMul`
  /// for tied weights.
  public String opType() {
    return String.join("+", nodes.stream().map(Node::opType).distinct().toList());
  }

  /// Returns the number of weights.
  public int weights() {
    return Math.toIntExact(Tensor.elements(shape));
  }

  /// Returns the multiply-accumulates of all weights for one example, 0 if they are not known.
  public long macs() {
    return Math.multiplyExact(weights(), macsPerWeight);
  }

  /// Returns whether the multiply-accumulates are known.
  public boolean isCounted() {
    return uncountedReason == null;
  }

  /// Returns whether the weights may be pruned.
  public boolean isPrunable() {
    return notPrunableReason == null;
  }
}
