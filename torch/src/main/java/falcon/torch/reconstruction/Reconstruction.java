package falcon.torch.reconstruction;

import falcon.model.Network;
import falcon.torch.Precision;
import falcon.torch.curvature.LayerFit;
import falcon.torch.curvature.LeastSquaresSolver;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.Replacements;
import falcon.torch.kernel.Workers;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.layer.WeightOrder;
import falcon.torch.sample.SampleSource;
import java.util.List;

/// Re-fits weights layer by layer, in graph order: each layer is fitted to the outputs of the dense
/// network's layer, on the inputs that it gets in the pruned network.
///
/// Both networks are evaluated once, in step; the values that are live between two layers are held
/// for all samples. Where a layer's output enters a sum (a residual block), the layer also
/// compensates for the error of the other operand:
///
/// ```
/// layer output y, then a·y + b (BatchNormalization or nothing), then + v:
/// wanted y = y_dense + (v_dense − v_pruned) / a
/// ```
///
/// The mean of the outputs is fitted through the layer's bias or, where BatchNormalization follows,
/// through its running mean; neither costs budget. For this the BatchNormalization behind a layer
/// becomes the dense network's again, whatever an earlier stage has changed in it.
///
/// Source: the layer-wise problem of OBC (arXiv:2208.11580, section 3); the treatment of sums and
/// means is ours.
public final class Reconstruction {
  /// Receives notice of finished layers.
  public interface Listener {
    /// @param layers number of finished layers
    void done(int layers);
  }

  /// The options of a reconstruction.
  ///
  /// @param positionsPerSample approximate number of output positions (pixels, tokens, steps) of a
  ///     layer that are used per sample
  /// @param seesSums whether a layer compensates for the error of a sum's other operand
  /// @param bytes greatest size of the values of samples in progress. Where not all samples fit,
  ///     the first ones that do are used with more positions each, the same number in total. A
  ///     layer whose products of inputs take more is solved on its rows
  public record Options(int positionsPerSample, boolean seesSums, long bytes) {}

  private final Network dense;
  private final Options options;
  private final Workers workers;

  /// Creates a reconstruction of the dense network's outputs; the caller owns the workers.
  ///
  /// @param dense the network that defines the wanted outputs
  public Reconstruction(Network dense, Options options, Workers workers) {
    this.dense = dense;
    this.options = options;
    this.workers = workers;
  }

  /// Re-fits a network of the same graph.
  ///
  /// @param tensorNames weight tensors to re-fit; those without least squares (lookup tables,
  ///     weights that are also read in another way) stay unchanged
  /// @return `network` with new weights, biases and running means
  /// @throws UnsupportedNetworkException if the network cannot be executed
  public Network refit(
      Network network,
      List<String> tensorNames,
      SampleSource samples,
      LeastSquaresSolver solver,
      Listener listener) {
    try (var loadedDense = new LoadedNetwork(dense, Precision.FLOAT32);
        var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      var replacements = new Replacements(loaded);
      try (var sideBySide = new PairedExecution(loadedDense, loaded, samples, options, workers)) {
        int done = 0;
        for (ReconstructionOrder.Visit visit :
            ReconstructionOrder.of(loadedDense.program(), tensorNames)) {
          try (LayerFit fit = sideBySide.fit(visit)) {
            solve(visit, fit, solver, replacements);
          }
          listener.done(++done);
        }
        return replacements.into(network);
      }
    }
  }

  /// Returns whether one of the layers reads its own results: recurrent weights, and weights that
  /// are used again behind their own products. Their errors accumulate along the way, and the
  /// layer's own error says little about that of the outputs.
  ///
  /// @param tensorNames weight tensors
  public static boolean feedsBack(Network network, List<String> tensorNames) {
    var program = new GraphProgram(network);
    return tensorNames.stream()
        .map(name -> LayerMatrix.solvable(program, name))
        .anyMatch(layer -> layer != null && layer.feedsBack(program));
  }

  private static void solve(
      ReconstructionOrder.Visit visit,
      LayerFit fit,
      LeastSquaresSolver solver,
      Replacements replacements) {
    LayerMatrix layer = visit.layer();
    WeightOrder order = layer.order();
    float[] weights = replacements.values(layer.tensorName());
    var shift = new float[order.groups() * order.outputs()];
    for (int group = 0; group < order.groups(); group++) {
      solveGroup(
          new LayerFit.Group(layer, group), fit, solver, visit.around().canShift(), weights, shift);
    }
    replacements.put(layer.tensorName(), weights);
    visit.around().applyShift(shift, replacements);
  }

  /// Solves one group's problem into `weights`, and stores in `shift` the mean error of its
  /// outputs.
  private static void solveGroup(
      LayerFit.Group group,
      LayerFit fit,
      LeastSquaresSolver solver,
      boolean isCentred,
      float[] weights,
      float[] shift) {
    WeightOrder order = group.layer().order();
    int k = order.rowLength();
    int o = order.outputs();
    float[] solved = fit.solve(solver, group, isCentred, order.matrix(weights, group.number()));
    for (int i = 0; i < solved.length; i++) {
      weights[order.index(group.number(), i)] = solved[i];
    }
    var inputMeans = new double[k];
    for (int i = 0; i < k; i++) {
      inputMeans[i] = fit.inputMean(group.number(), i);
    }
    for (int c = 0; c < o; c++) {
      double mean = fit.outputMean(group.number(), c);
      for (int i = 0; i < k; i++) {
        mean -= (double) solved[c * k + i] * inputMeans[i];
      }
      shift[group.number() * o + c] = (float) mean;
    }
  }
}
