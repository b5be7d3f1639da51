package falcon.torch.gradient;

import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.layer.Grid;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Finds the rows of a layer that belong to each sample by changing one sample and observing which
/// rows change: the batch may be any axis of a value, or part of one.
final class SampleLayout {
  /// Least change of a row, as a share of the greatest change, for the row to count as changed:
  /// rounding depends on the other samples of a batch.
  private static final double LEAST_MOVE = 1e-3;

  private static final int NOWHERE = -1;

  private SampleLayout() {}

  /// @return for each use, the number of consecutive rows of one sample ([SampleRows#inner]), valid
  ///     for batches of any size
  /// @throws UnsupportedNetworkException if rows depend on more than one sample
  static Map<LayerMatrix.Use, Long> of(
      LoadedNetwork network, List<LayerMatrix.Use> uses, SampleSource samples) {
    var inner = new HashMap<LayerMatrix.Use, Long>();
    int b = network.batchSize(Math.min(2, samples.size()));
    try (var _ = new PointerScope()) {
      boolean isSingle = b == 1 || samples.size() == 1;
      SampleBatch batch = samples.batch(0, isSingle ? 1 : 2);
      List<Tensor> plain = outputs(network, uses, batch, b, NOWHERE);
      List<Tensor> atFront = isSingle ? plain : outputs(network, uses, batch, b, 0);
      List<Tensor> atEnd = isSingle ? plain : outputs(network, uses, batch, b, b - 1);
      for (int u = 0; u < uses.size(); u++) {
        boolean[] movedByFirst = moved(plain.get(u), atFront.get(u));
        boolean[] movedByLast = moved(plain.get(u), atEnd.get(u));
        inner.put(
            uses.get(u),
            isSingle
                ? (long) movedByFirst.length / b
                : inner(uses.get(u), b, movedByFirst, movedByLast));
      }
    }
    return inner;
  }

  /// @param b number of samples of the batch, all of which are the first one of `batch`, except at
  ///     `place`
  /// @param place position of the second sample of `batch`, or [#NOWHERE]
  /// @return for each use, its outputs `[g, n, o]`
  private static List<Tensor> outputs(
      LoadedNetwork network, List<LayerMatrix.Use> uses, SampleBatch batch, int b, int place) {
    var inputs = new ArrayList<Tensor>();
    List<Tensor> given = SampleChunks.inputs(batch, network.parameters().precision());
    for (Tensor input : given) {
      var taken = new TensorVector(b);
      for (int i = 0; i < b; i++) {
        taken.put(i, input.select(0, i == place ? 1 : 0));
      }
      inputs.add(Torch.keep(torch.stack(taken, 0)));
    }
    given.forEach(Pointer::releaseReference);
    try (var execution = network.start(inputs)) {
      for (LayerMatrix.Use use : uses) {
        execution.watch(use.output());
      }
      var values = new ArrayList<Tensor>();
      for (LayerMatrix.Use use : uses) {
        values.add(use.geometry().outputs(execution.compute(use.output()), Grid.ALL).clone());
      }
      return values;
    }
  }

  private static boolean[] moved(Tensor before, Tensor after) {
    double[] moves = Torch.doubles(before.sub(after).abs().amax(new long[] {0, 2}, false));
    double most = 0;
    for (double move : moves) {
      most = Math.max(most, move);
    }
    var moved = new boolean[moves.length];
    for (int row = 0; row < moved.length; row++) {
      moved[row] = moves[row] > LEAST_MOVE * most;
    }
    return moved;
  }

  /// Returns the largest number of rows that is consistent with the observed changes.
  private static Long inner(
      LayerMatrix.Use use, int b, boolean[] movedByFirst, boolean[] movedByLast) {
    int rows = movedByFirst.length;
    for (int inner = rows / b; inner >= 1; inner--) {
      if (rows % (b * inner) == 0 && agrees(inner, b, movedByFirst, movedByLast)) {
        return (long) inner;
      }
    }
    throw UnsupportedNetworkException.of(
        use.node(), "its outputs do not belong to one sample each, so samples have no gradients");
  }

  private static boolean agrees(int inner, int b, boolean[] movedByFirst, boolean[] movedByLast) {
    for (int row = 0; row < movedByFirst.length; row++) {
      int sample = row / inner % b;
      if ((movedByFirst[row] && sample != 0) || (movedByLast[row] && sample != b - 1)) {
        return false;
      }
    }
    return true;
  }
}
