package falcon.torch.fusion;

import falcon.model.Node;
import falcon.torch.Precision;
import falcon.torch.kernel.FusedConvolution;
import falcon.torch.operator.Operands;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// A convolution and the nodes after it: a BatchNormalization in eval mode, the sum with another
/// value, a ReLU; each of them may be absent, and no other node reads the values between them.
/// [FusedChain] computes the chain in one call.
///
/// @param nodes indices of the nodes, in execution order
/// @param skipped values between the nodes
/// @param convolution the first of the nodes
/// @param filters name of the initializer with the filters
/// @param bias name of the initializer, null if the convolution has none
/// @param normalized the convolution with its BatchNormalization, null without one
/// @param other value that is added, null without a sum
/// @param relu whether a ReLU is the last
record ConvolutionChain(
    List<Integer> nodes,
    List<String> skipped,
    Node convolution,
    String filters,
    @Nullable String bias,
    @Nullable NormalizedConvolution normalized,
    @Nullable String other,
    boolean relu)
    implements Fusion {
  /// @return all chains by their first node; no node is in two
  static Map<Integer, ConvolutionChain> byConvolution(
      ValueReaders values, Map<Integer, NormalizedConvolution> normalized) {
    var taken = new HashSet<Integer>();
    var chains = new HashMap<Integer, ConvolutionChain>();
    // if two convolutions are added, the sum belongs to the chain of the later one, which then need
    // not wait
    for (int i = values.nodes().size() - 1; i >= 0; i--) {
      Node node = values.nodes().get(i);
      if (!node.is("Conv") || node.inputs().size() < 2) {
        continue;
      }
      String filters = values.origin(node.inputs().get(1));
      String bias = node.input(2) == null ? null : values.origin(node.input(2));
      if (filters != null && (bias != null || node.input(2) == null)) {
        var chain = new Growing(values, taken, i);
        NormalizedConvolution pair = normalized.get(i);
        if (pair != null) {
          chain.append(pair.normalizationIndex());
        }
        String other = chain.appendSum();
        boolean relu = chain.appendRelu();
        taken.addAll(chain.nodes);
        chains.put(
            i,
            new ConvolutionChain(
                List.copyOf(chain.nodes), chain.between(), node, filters, bias, pair, other, relu));
      }
    }
    return chains;
  }

  /// Returns the names of the initializers that the chain reads.
  List<String> initializers() {
    var names = new ArrayList<>(normalized == null ? List.of(filters) : normalized.initializers());
    if (normalized == null && bias != null) {
      names.add(bias);
    }
    names.removeIf(String::isEmpty);
    return names;
  }

  @Override
  public Node first() {
    return convolution;
  }

  /// Returns the last node's turn, as the other term of the sum may be computed after the
  /// convolution.
  @Override
  public int turn() {
    return nodes.getLast();
  }

  @Override
  public @Nullable Fusion smaller() {
    return normalized;
  }

  /// Returns whether the chain may be computed in one call: in float32, in eval mode, without
  /// gradients with respect to the weights.
  @Override
  public boolean isPossible(FusedWeights weights, Operands.Setting setting) {
    return FusedConvolution.isAvailable()
        && setting.precision() == Precision.FLOAT32
        && !setting.batchStatistics()
        && !weights.wantGradients(initializers());
  }

  @Override
  public @Nullable Tensor run(Operands in, Function<String, Tensor> values, FusedWeights weights) {
    Tensor term = other == null ? null : values.apply(other);
    return FusedChain.run(this, in.x(), term, weights);
  }

  /// A chain under construction.
  private static final class Growing {
    private final ValueReaders values;
    private final Set<Integer> taken;
    private final List<Integer> nodes = new ArrayList<>();

    Growing(ValueReaders values, Set<Integer> taken, int convolution) {
      this.values = values;
      this.taken = taken;
      nodes.add(convolution);
    }

    /// Returns the outputs of all nodes but the last one.
    List<String> between() {
      return nodes.subList(0, nodes.size() - 1).stream()
          .map(node -> values.nodes().get(node).outputs().getFirst())
          .toList();
    }

    void append(int node) {
      nodes.add(node);
    }

    /// @return the value that is added, null if the next node is not a sum of two values
    @Nullable String appendSum() {
      int next = next("Add");
      if (next < 0) {
        return null;
      }
      List<String> terms = values.nodes().get(next).inputs();
      String other = terms.get(terms.getFirst().equals(end()) ? 1 : 0);
      append(next);
      return other;
    }

    boolean appendRelu() {
      int next = next("Relu");
      if (next >= 0) {
        append(next);
      }
      return next >= 0;
    }

    /// @return index of the node of that kind that alone reads the chain's end, −1 if there is none
    private int next(String kind) {
      int reader = values.soleReader(end());
      return reader >= 0 && values.nodes().get(reader).is(kind) && !taken.contains(reader)
          ? reader
          : -1;
    }

    private String end() {
      return values.nodes().get(nodes.getLast()).outputs().getFirst();
    }
  }
}
