package falcon.torch.layer;

import org.bytedeco.pytorch.Tensor;

/// How one use of a weight tensor reads its input and makes its output, as a product of matrices,
/// one a group:
///
/// ```
/// outputs [g, n, o] = rows [g, n, k] · weightsᵀ [g, k, o]  (+ bias)
/// ```
///
/// with n over samples and positions (pixels, tokens, time steps).
public sealed interface LayerGeometry
    permits ConvolutionGeometry, LinearGeometry, RecurrentGeometry, EmbeddingGeometry {

  /// Where the weights stand in their tensor.
  WeightOrder order();

  /// Which positions to look at: about so many a sample, others in every chunk.
  ///
  /// @param input the use's input
  /// @param samples in it
  Grid grid(Tensor input, long samples, int positionsPerSample, int chunk);

  /// @param input the use's input
  /// @return `[g, n, k]`
  Tensor rows(Tensor input, Grid grid);

  /// @param output the use's output, or anything of its shape, such as its gradient
  /// @return `[g, n, o]`, in the order of [#rows]
  Tensor outputs(Tensor output, Grid grid);

  /// Gradients of single samples by the weights.
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

  /// Axis of the output along which the outputs of the weights lie, negative: counted from the
  /// last.
  int outputAxis();
}
