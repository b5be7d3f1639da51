package falcon.torch.layer;

import falcon.model.Node;
import falcon.model.layer.WeightUse;
import falcon.torch.UnsupportedNetworkException;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// The geometry of one use of a weight tensor: its inputs and outputs as a product of matrices, one
/// per group:
///
/// ```
/// outputs [g, n, o] = rows [g, n, k] · weightsᵀ [g, k, o]  (+ bias)
/// ```
///
/// with n over samples and positions (pixels, tokens, time steps).
public sealed interface LayerGeometry
    permits ConvolutionGeometry,
        LinearGeometry,
        EinsumGeometry,
        RecurrentGeometry,
        EmbeddingGeometry {

  /// Returns the geometry of a use.
  ///
  /// @param shape shape of the weight tensor
  /// @throws UnsupportedNetworkException if the use is of an unknown kind
  static LayerGeometry of(WeightUse use, List<Long> shape) {
    Node node = use.node();
    return switch (node.opType()) {
      case "Conv", "ConvTranspose" -> ConvolutionGeometry.of(use, shape);
      case "Gemm" -> LinearGeometry.ofGemm(use, shape);
      case "MatMul" -> LinearGeometry.ofMatMul(use, shape);
      case "Einsum" -> EinsumGeometry.of(use, shape);
      case "LSTM", "GRU", "RNN" ->
          use.operand() == 1
              ? LinearGeometry.ofRecurrentInput(shape)
              : RecurrentGeometry.of(node, shape);
      case "Gather" -> EmbeddingGeometry.of(use, shape);
      default -> throw UnsupportedNetworkException.of(node, "it is no convolution or linear layer");
    };
  }

  /// Returns the order of the weights in their tensor.
  WeightOrder order();

  /// Returns the positions to use: about `positionsPerSample` per sample, with different ones in
  /// every chunk.
  ///
  /// @param input the use's input
  /// @param samples number of samples in the input
  Grid grid(Tensor input, long samples, int positionsPerSample, int chunk);

  /// @param input the use's input
  /// @return `[g, n, k]`
  Tensor rows(Tensor input, Grid grid);

  /// @param output the use's output, or a tensor of its shape, its gradient for instance
  /// @return `[g, n, o]`, in the order of [#rows]
  Tensor outputs(Tensor output, Grid grid);

  /// Returns the per-sample gradients by the weights.
  ///
  /// @param outputGradient gradient by the use's output
  /// @return `[b, weights]`, in the tensor's order
  default Tensor gradients(Tensor input, Tensor outputGradient, SampleRows samples) {
    Tensor x = samples.perSample(rows(input, Grid.ALL)); // [g · b, positions, k]
    Tensor y = samples.perSample(outputs(outputGradient, Grid.ALL)); // [g · b, positions, o]
    WeightOrder order = order();
    Tensor products = // Gᵀ R
        y.transpose(1, 2)
            .bmm(x)
            .reshape(order.groups(), samples.samples(), order.outputs(), order.rowLength());
    return order.toTensorOrder(products.transpose(0, 1));
  }

  /// Returns the axis of the input that the inputs of the weights are along, negative: counted from
  /// the last; of an input of fewer axes, the first.
  int inputAxis();

  /// Returns the axis of the output that the outputs of the weights are along, negative: counted
  /// from the last.
  int outputAxis();
}
