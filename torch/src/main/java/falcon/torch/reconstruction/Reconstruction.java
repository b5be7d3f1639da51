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

/// Re-fits weights layer by layer, in graph order: each layer is to give the outputs that the dense
/// network's layer gives, from the inputs that it gets in the pruned network.
///
/// Both networks are evaluated once, side by side; what is live between two layers is held for all
/// samples. Where a layer's output ends in a sum (a residual block), the error that the other
/// operand has already is part of what the layer should make good:
///
/// ```
/// layer output y, then a·y + b (BatchNormalization or nothing), then + v:
/// wanted y = y_dense + (v_dense − v_pruned) / a
/// ```
///
/// The mean of the outputs is fitted through the layer's bias or, where BatchNormalization follows,
/// through its running mean; neither costs budget. For this the BatchNormalization behind a layer
/// becomes the dense network's again, whatever an earlier stage has made of it.
///
/// Source: the layer-wise problem of OBC (arXiv:2208.11580, section 3); sums and means are ours.
public final class Reconstruction {
  /// Hears of layers that are done.
  public interface Listener {
    /// @param layers how many are done
    void done(int layers);
  }

  /// How a reconstruction is done.
  ///
  /// @param positionsPerSample output positions (pixels, tokens, steps) of a layer that are looked
  ///     at, about
  /// @param seesSums whether the error of a sum's other operand is made good
  /// @param bytes that the values of samples on their way may take. Where not all samples fit, the
  ///     first ones that do are taken and more positions of each looked at, as many in all. A layer
  ///     whose products of inputs take more is solved on its rows
  public record Options(int positionsPerSample, boolean seesSums, long bytes) {}

  private final Network dense;
  private final Options options;
  private final Workers workers;

  /// @param dense gives the wanted outputs
  public Reconstruction(Network dense, Options options, Workers workers) {
    this.dense = dense;
    this.options = options;
    this.workers = workers;
  }

  /// Re-fits a network of the same graph.
  ///
  /// @param tensorNames weight tensors to re-fit; those that no least squares can be made of
  ///     (tables that are looked up, weights that are read otherwise, too) stay as they are
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

  /// Whether one of the layers reads what it has made itself: recurrent weights, and weights that
  /// are used again behind their own products. Their errors add up on the way, and the layer's own
  /// error tells little of the outputs'.
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

  /// Solves one group's problem into `weights`, and says in `shift` what its outputs lack on
  /// average.
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
