package falcon.torch.fusion;

import falcon.model.Node;
import falcon.torch.operator.Operands;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// Several nodes of a network that can be computed as one.
public sealed interface Fusion permits ConvolutionChain, NormalizedConvolution {
  /// Numbers of the nodes, in running order. The result is the last one's.
  List<Integer> nodes();

  /// The first node, whose operands [#run] gets, and which messages name.
  Node first();

  /// Number of the node at whose turn the whole is computed: all that it reads is there then.
  int turn();

  /// Values that are never made when the nodes are computed as one.
  List<String> skipped();

  /// What can still be fused where this cannot.
  ///
  /// @return null if there is nothing
  @Nullable Fusion smaller();

  /// Condition: whether the nodes may be computed as one under that setting, as long as nobody
  /// looks at a skipped value.
  boolean isPossible(FusedWeights weights, Operands.Setting setting);

  /// Action: computes the nodes as one.
  ///
  /// @param in operands of the first node
  /// @param values other values of the network, by name
  /// @return the last node's result, a tensor of the innermost scope; null where the operands turn
  ///     out not to fit
  @Nullable Tensor run(Operands in, Function<String, Tensor> values, FusedWeights weights);
}
