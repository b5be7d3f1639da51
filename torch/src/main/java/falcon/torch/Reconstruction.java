package falcon.torch;

import falcon.model.Network;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/// Re-fits weights layer by layer, in graph order: each layer is to give the outputs that the dense
/// network's layer gives, from the inputs that it gets in the pruned network.
///
/// Both networks are evaluated once, side by side; what is live between two layers is held for all
/// samples. Where a layer's output ends in a sum (a residual block), the error that the other operand
/// has already is part of what the layer should make good:
///
/// ```
/// layer output y, then a·y + b (BatchNormalization or nothing), then + v:
/// wanted y = y_dense + (v_dense − v_pruned) / a
/// ```
///
/// The mean of the outputs is fitted through the layer's bias or, where BatchNormalization follows,
/// through its running mean; neither costs budget. For this the BatchNormalization behind a layer becomes
/// the dense network's again, whatever an earlier stage has made of it.
///
/// Source: the layer-wise problem of OBC (arXiv:2208.11580, section 3); sums and means are ours.
public final class Reconstruction {
  /// Chooses the weights of a layer.
  public interface Solver {
    /// @return new weights `[o, k]`, matrix order
    float[] solve(LayerProblem problem);
  }

  /// Hears of layers that are done.
  public interface Listener {
    /// @param layers how many are done
    void done(int layers);
  }

  /// How a reconstruction is done.
  ///
  /// @param positionsPerSample output positions of a convolution that are looked at, about
  /// @param seesSums whether the error of a sum's other operand is made good
  public record Options(int positionsPerSample, boolean seesSums) {}

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
  /// @param tensorNames weight tensors to re-fit, in graph order
  /// @return `network` with new weights, biases and running means
  /// @throws UnsupportedNetworkException if the network cannot be executed, a weight tensor is used more
  ///     than once, or a layer's bias is not a constant of its own
  public Network refit(
      Network network,
      List<String> tensorNames,
      SampleSource samples,
      Solver solver,
      Listener listener) {
    try (var loadedDense = new LoadedNetwork(dense, Precision.FLOAT32);
        var loaded = new LoadedNetwork(network, Precision.FLOAT32);
        var densePass = new StreamedPass(loadedDense, samples, workers);
        var pass = new StreamedPass(loaded, samples, workers)) {
      var replacements = new Replacements(loaded);
      int done = 0;
      for (LayerVisits.Visit visit : LayerVisits.of(dense, loadedDense.program(), tensorNames)) {
        LayerMatrix layer = visit.layer();
        LayerSurroundings around = visit.around();
        List<List<LayerSums>> parts =
            workers.map(
                pass.chunks(),
                chunk ->
                    sums(layer, around, densePass.execution(chunk), pass.execution(chunk), chunk));
        float[] weights = network.tensor(layer.tensorName()).toFloats();
        var shift = new float[layer.groups() * layer.outputs()];
        for (int group = 0; group < layer.groups(); group++) {
          LayerSums sums = LayerSums.join(parts, group);
          solveGroup(layer, group, sums, solver, around.canShift(), weights, shift);
        }
        replacements.put(layer.tensorName(), weights);
        around.applyShift(shift, replacements);
        listener.done(++done);
      }
      return replacements.into(network);
    }
  }

  /// Sums of one chunk, one a group.
  private List<LayerSums> sums(
      LayerMatrix layer,
      LayerSurroundings around,
      GraphExecution densePass,
      GraphExecution pass,
      int chunk) {
    try (var _ = new PointerScope()) {
      Tensor wanted = densePass.compute(layer.output());
      Tensor input = pass.compute(layer.input());
      String other = options.seesSums() ? around.otherOperand() : null;
      if (other != null) {
        Tensor missing = densePass.compute(other).sub(pass.compute(other));
        wanted = wanted.add(missing.mul(perChannel(around.inverseFactors(), wanted.dim())));
      }
      LayerMatrix.Grid grid = layer.grid(input, options.positionsPerSample(), chunk);
      var sums = new ArrayList<LayerSums>();
      for (int group = 0; group < layer.groups(); group++) {
        sums.add(LayerSums.of(layer.rows(input, group, grid), layer.outputs(wanted, group, grid)));
      }
      densePass.unwatch(layer.output());
      pass.unwatch(layer.input());
      if (other != null) {
        densePass.unwatch(other);
        pass.unwatch(other);
      }
      return sums;
    }
  }

  /// @return the factors along axis 1 of a value of so many axes
  private static Tensor perChannel(float[] factors, long axes) {
    var shape = new Long[Math.toIntExact(axes)];
    Arrays.fill(shape, 1L);
    shape[1] = (long) factors.length;
    return Torch.scoped(factors, List.of(shape), Precision.FLOAT32);
  }

  /// Solves one group's problem into `weights`, and says in `shift` what its outputs lack on average.
  private static void solveGroup(
      LayerMatrix layer,
      int group,
      LayerSums sums,
      Solver solver,
      boolean isCentred,
      float[] weights,
      float[] shift) {
    int k = layer.rowLength();
    int o = layer.outputs();
    int[] indexes = layer.order(group);
    float[] solved =
        solver.solve(
            new LayerProblem(
                layer.tensorName(),
                k,
                o,
                sums.gram(isCentred),
                sums.cross(isCentred),
                LayerMatrix.inOrder(weights, indexes),
                indexes));
    for (int i = 0; i < solved.length; i++) {
      weights[indexes[i]] = solved[i];
    }
    for (int c = 0; c < o; c++) {
      double mean = sums.outputMean(c);
      for (int i = 0; i < k; i++) {
        mean -= (double) solved[c * k + i] * sums.inputMean(i);
      }
      shift[group * o + c] = (float) mean;
    }
  }
}
