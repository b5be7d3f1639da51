package falcon.torch.fusion;

import falcon.model.Node;
import falcon.torch.operator.Operands;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// Several nodes of a network that can be computed as one.
public sealed interface Fusion permits ConvolutionChain, NormalizedConvolution {
  /// Returns the indices of the nodes, in execution order. The result is the last one's.
  List<Integer> nodes();

  /// Returns the first node, whose operands are passed to [#run], and which messages name.
  Node first();

  /// Returns the index of the node at whose turn the fusion is computed: all that it reads is
  /// available then.
  int turn();

  /// Returns the values that are never computed when the nodes are fused.
  List<String> skipped();

  /// Returns the fusion that may still be possible where this one is not.
  ///
  /// @return null if there is none
  @Nullable Fusion smaller();

  /// Condition: returns whether the nodes may be computed as one under that setting, provided that
  /// no skipped value is watched.
  boolean isPossible(FusedWeights weights, Operands.Setting setting);

  /// Action: computes the nodes as one.
  ///
  /// @param in operands of the first node
  /// @param values other values of the network, by name
  /// @return the last node's result, a tensor of the innermost scope; null where the operands turn
  ///     out not to fit
  @Nullable Tensor run(Operands in, Function<String, Tensor> values, FusedWeights weights);
}
