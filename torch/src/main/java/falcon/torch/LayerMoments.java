package falcon.torch;

import falcon.model.Network;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/// Second moments of what the layers of a network get: H = Σ x xᵀ of every layer.
///
/// The network is evaluated once. Source of the use of H_l: OBC (arXiv:2208.11580, section 3).
public final class LayerMoments {
  private LayerMoments() {}

  /// One problem a layer (and group): the Gram matrix of its inputs, and as wanted outputs those that
  /// its present weights give.
  ///
  /// @param positionsPerSample output positions of a convolution that are looked at, about
  public static List<LayerProblem> of(
      Network network,
      List<String> tensorNames,
      SampleSource samples,
      int positionsPerSample,
      Workers workers) {
    var problems = new ArrayList<LayerProblem>();
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32);
        var pass = new StreamedPass(loaded, samples, workers)) {
      for (String tensorName : tensorNames) {
        LayerMatrix layer = LayerMatrix.of(network, tensorName);
        List<List<double[]>> parts =
            pass.advance(
                layer.nodeIndex(),
                (execution, chunk) -> {
                  Tensor input = execution.value(layer.input());
                  return grams(layer, input, layer.grid(input, positionsPerSample, chunk));
                });
        float[] weights = network.tensor(tensorName).toFloats();
        for (int group = 0; group < layer.groups(); group++) {
          double[] gram = parts.getFirst().get(group);
          for (List<double[]> part : parts.subList(1, parts.size())) {
            LayerSums.add(gram, part.get(group));
          }
          problems.add(problem(layer, group, gram, weights));
        }
      }
    }
    return problems;
  }

  private static List<double[]> grams(LayerMatrix layer, Tensor input, LayerMatrix.Grid grid) {
    var grams = new ArrayList<double[]>();
    for (int group = 0; group < layer.groups(); group++) {
      try (var _ = new PointerScope()) {
        Tensor rows = layer.rows(input, group, grid);
        grams.add(Torch.doubles(rows.t().mm(rows)));
      }
    }
    return grams;
  }

  private static LayerProblem problem(
      LayerMatrix layer, int group, double[] gram, float[] weights) {
    int k = layer.rowLength();
    int o = layer.outputs();
    int[] indexes = layer.order(group);
    float[] present = LayerMatrix.inOrder(weights, indexes);
    var cross = new double[k * o]; // H Wᵀ
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        double h = gram[i * k + j];
        for (int c = 0; c < o; c++) {
          cross[i * o + c] += h * present[c * k + j];
        }
      }
    }
    return new LayerProblem(layer.tensorName(), k, o, gram, cross, present, indexes);
  }
}
