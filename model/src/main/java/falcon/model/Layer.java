package falcon.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One weight tensor of a network and what its weights cost.
///
/// @param tensor name of the initializer
/// @param shape its shape, as the graph has it
/// @param nodes operators that use it as weights, in graph order; more than one if it is shared
/// @param macsPerWeight multiply-accumulates that each weight costs for one example: positions of
///     the convolution's output, rows (tokens) of the matrix product; added up over `nodes`
/// @param notPrunableReason why the tensor stays as it is; null if it may be pruned
public record Layer(
    String tensor,
    List<Long> shape,
    List<Node> nodes,
    long macsPerWeight,
    @Nullable String notPrunableReason) {

  public Layer {
    shape = List.copyOf(shape);
    nodes = List.copyOf(nodes);
  }

  /// Operator that uses the weights: `Conv`, `Gemm` or `MatMul`.
  public String opType() {
    return nodes.getFirst().opType();
  }

  /// Number of weights.
  public int weights() {
    return Math.toIntExact(Tensor.elements(shape));
  }

  /// Multiply-accumulates of all weights for one example.
  public long macs() {
    return Math.multiplyExact(weights(), macsPerWeight);
  }

  /// Whether the weights may be pruned.
  public boolean isPrunable() {
    return notPrunableReason == null;
  }
}
