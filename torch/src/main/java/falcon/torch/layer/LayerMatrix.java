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

/// A weight tensor seen as the matrix of products, at every place where it is used.
///
/// ```
/// outputs [n, o] = rows [n, k] · weightsᵀ [k, o] + bias        n over samples and positions
/// ```
///
/// Rows are the patches of a convolution (`k` = window × input channels, in that order: contiguous
/// in channels-last memory), the inputs of a linear layer, or the states of a recurrent one. The
/// weights in this order, `[o, k]`, are the *matrix order*; [WeightOrder] leads back to the
/// tensor's own. A grouped convolution has one such product a group. Tied weights have several
/// uses; what is summed over rows is summed over uses then.
public final class LayerMatrix {
  /// One place where the weights are used.
  ///
  /// @param node that multiplies
  /// @param nodeIndex its number in running order
  /// @param operand of the node that the weights are
  /// @param input name of the value that the weights are multiplied with
  /// @param output name of the products
  public record Use(
      Node node, int nodeIndex, int operand, String input, String output, LayerGeometry geometry) {
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

  /// The uses of a weight tensor.
  ///
  /// @throws UnsupportedNetworkException if it has none, is read otherwise, too, or one of them is
  ///     of a kind that is not known here
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
    // those that read it through an Identity came last
    uses.sort(Comparator.comparingInt(Use::nodeIndex));
    return new LayerMatrix(tensorName, uses);
  }

  /// As [#of], if least squares of the layer make sense.
  ///
  /// @return null if the tensor is read otherwise, too, is only looked up, is no floating-point
  ///     tensor, or is used in a way that [#of] refuses
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
    String output = node.outputs().getFirst();
    String input = node.input(0);
    LayerGeometry geometry;
    switch (node.opType()) {
      case "Conv", "ConvTranspose" -> geometry = ConvolutionGeometry.of(use, shape);
      case "Gemm" -> {
        geometry = LinearGeometry.ofGemm(use, shape);
        input = node.input(1 - use.operand());
      }
      case "MatMul" -> {
        geometry = LinearGeometry.ofMatMul(use, shape);
        input = node.input(1 - use.operand());
      }
      case "LSTM", "GRU", "RNN" -> {
        var values = RecurrentValues.of(node);
        boolean isInput = use.operand() == 1;
        input = isInput ? values.wInput() : values.rInput();
        output = isInput ? values.wOutput() : values.rOutput();
        geometry =
            isInput ? LinearGeometry.ofRecurrentInput(shape) : RecurrentGeometry.of(node, shape);
      }
      case "Gather" -> {
        geometry = EmbeddingGeometry.of(use, shape);
        input = node.input(1);
      }
      default -> throw UnsupportedNetworkException.of(node, "it is no convolution or linear layer");
    }
    if (input == null || (program.producerOf(input) < 0 && !program.inputs().contains(input))) {
      throw UnsupportedNetworkException.of(
          node, "what it multiplies its weights with is a constant");
    }
    String owner = RecurrentValues.has(node) ? RecurrentValues.of(node).owner() : output;
    return new Use(node, program.producerOf(owner), use.operand(), input, output, geometry);
  }

  public String tensorName() {
    return tensorName;
  }

  /// All uses, in graph order.
  public List<Use> uses() {
    return uses;
  }

  /// The uses that least squares look at: those that multiply, with the weights in the same order
  /// as the first of them.
  public List<Use> products() {
    return products;
  }

  /// Where the weights of [#products] stand in the tensor.
  public WeightOrder order() {
    return products.getFirst().geometry().order();
  }

  /// Whether what the layer reads depends on the layer itself.
  public boolean looksAhead() {
    return products.size() > 1 || products.getFirst().isRecurrent();
  }

  /// Whether it surely does: recurrent weights, or a product behind another of the same weights.
  public boolean feedsBack(GraphProgram program) {
    return products.getFirst().isRecurrent()
        || uses.stream()
            .anyMatch(later ->
                uses.stream()
                    .filter(use -> !(use.geometry() instanceof EmbeddingGeometry))
                    .anyMatch(use -> program.dependsOn(later.input(), use.nodeIndex())));
  }
}
