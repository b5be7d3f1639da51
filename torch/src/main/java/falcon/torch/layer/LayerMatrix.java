package falcon.torch.layer;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.layer.WeightUse;
import falcon.model.layer.WeightUses;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.execution.GraphProgram;
import falcon.torch.operator.RecurrentValues;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A weight tensor as the matrix of products, at every place where it is used.
///
/// ```
/// outputs [n, o] = rows [n, k] · weightsᵀ [k, o] + bias        n over samples and positions
/// ```
///
/// Rows are the patches of a convolution (`k` = window × input channels, in that order: contiguous
/// in channels-last memory), the inputs of a linear layer, or the states of a recurrent one. This
/// order of the weights, `[o, k]`, is the *matrix order*; [WeightOrder] maps it to the tensor's
/// own. A grouped convolution has one product per group. Tied weights have several uses; sums over
/// rows then run over all uses.
public final class LayerMatrix {
  /// A use of the weights.
  ///
  /// @param node the node that multiplies
  /// @param nodeIndex index of the node in execution order
  /// @param operand index of the node's operand that is the weights
  /// @param input name of the value that the weights are multiplied with
  /// @param output name of the products
  public record Use(
      Node node, int nodeIndex, int operand, String input, String output, LayerGeometry geometry) {
    /// Returns whether the node is recurrent.
    public boolean isRecurrent() {
      return RecurrentValues.has(node);
    }
  }

  private final String tensorName;
  private final List<Use> uses;
  private final List<Use> products;

  private LayerMatrix(String tensorName, List<Use> uses) {
    this.tensorName = tensorName;
    this.uses = List.copyOf(uses);
    List<Use> multiplying =
        uses.stream().filter(use -> !(use.geometry() instanceof EmbeddingGeometry)).toList();
    this.products =
        multiplying.stream()
            .filter(use -> use.geometry().order().equals(multiplying.getFirst().geometry().order()))
            .toList();
  }

  /// Returns the matrix of a weight tensor with all its uses.
  ///
  /// @throws UnsupportedNetworkException if it has no use, is also read in another way, or one of
  ///     its uses is of an unknown kind
  public static LayerMatrix of(GraphProgram program, String tensorName) {
    Network network = program.network();
    WeightUses readers = WeightUses.of(network, tensorName);
    if (readers.uses().isEmpty() || !readers.others().isEmpty()) {
      throw new UnsupportedNetworkException(
          "tensor '%s' is not the weights of layers alone: %s"
              .formatted(
                  tensorName,
                  readers.uses().isEmpty()
                      ? "no layer reads it"
                      : readers.others().getFirst().label() + " reads it, too"));
    }
    List<Long> shape = network.tensor(tensorName).shape();
    var uses = new ArrayList<Use>();
    for (WeightUse use : readers.uses()) {
      uses.add(use(program, use, shape));
    }
    // Uses that read it through an Identity came last.
    uses.sort(Comparator.comparingInt(Use::nodeIndex));
    return new LayerMatrix(tensorName, uses);
  }

  /// Returns the matrix like [#of], if the layer has least squares.
  ///
  /// @return null if the tensor is also read in another way, is only looked up, is no
  ///     floating-point tensor, or is used in a way that [#of] refuses
  public static @Nullable LayerMatrix solvable(GraphProgram program, String tensorName) {
    if (!program.network().tensor(tensorName).type().isFloatingPoint()) {
      return null;
    }
    try {
      LayerMatrix layer = of(program, tensorName);
      return layer.products.isEmpty() ? null : layer;
    } catch (UnsupportedNetworkException _) {
      return null;
    }
  }

  private static Use use(GraphProgram program, WeightUse use, List<Long> shape) {
    Node node = use.node();
    LayerGeometry geometry = LayerGeometry.of(use, shape);
    String output = node.outputs().getFirst();
    String input =
        switch (node.opType()) {
          case "Gemm", "MatMul", "Einsum" -> node.input(1 - use.operand());
          case "Gather" -> node.input(1);
          default -> node.input(0);
        };
    if (RecurrentValues.has(node)) {
      var values = RecurrentValues.of(node);
      boolean isInput = use.operand() == 1;
      input = isInput ? values.wInput() : values.rInput();
      output = isInput ? values.wOutput() : values.rOutput();
    }
    if (input == null || (program.producerOf(input) < 0 && !program.inputs().contains(input))) {
      throw UnsupportedNetworkException.of(
          node, "what it multiplies its weights with is a constant");
    }
    String owner = RecurrentValues.has(node) ? RecurrentValues.of(node).owner() : output;
    return new Use(node, program.producerOf(owner), use.operand(), input, output, geometry);
  }

  /// Returns the name of the weight tensor.
  public String tensorName() {
    return tensorName;
  }

  /// Returns all uses, in graph order.
  public List<Use> uses() {
    return uses;
  }

  /// Returns the uses that least squares consider: those that multiply, with the weights in the
  /// same order as the first of them.
  public List<Use> products() {
    return products;
  }

  /// Returns the order of the weights of [#products] in the tensor.
  public WeightOrder order() {
    return products.getFirst().geometry().order();
  }

  /// Returns whether the layer's inputs depend on the layer itself.
  public boolean looksAhead() {
    return products.size() > 1 || products.getFirst().isRecurrent();
  }

  /// Returns whether the layer certainly feeds its own inputs: recurrent weights, or a product
  /// behind another of the same weights.
  public boolean feedsBack(GraphProgram program) {
    return products.getFirst().isRecurrent()
        || uses.stream()
            .anyMatch(later ->
                uses.stream()
                    .filter(use -> !(use.geometry() instanceof EmbeddingGeometry))
                    .anyMatch(use -> program.dependsOn(later.input(), use.nodeIndex())));
  }
}
