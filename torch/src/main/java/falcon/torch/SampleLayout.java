package falcon.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Finds out which rows of a layer belong to which sample by changing one sample and looking what moves:
/// the batch may be any axis of a value, or part of one.
final class SampleLayout {
  /// A row counts as moved if it moves by this share of what the most moved one does: rounding depends on
  /// what else is in a batch.
  private static final double LEAST_MOVE = 1e-3;

  private SampleLayout() {}

  /// @return of each use the rows of one sample that follow each other ([SampleRows#inner]) for batches of any size
  /// @throws UnsupportedNetworkException if rows depend on more than one sample
  static Map<LayerMatrix.Use, Long> of(
      LoadedNetwork network, List<LayerMatrix.Use> uses, SampleSource samples) {
    var inner = new HashMap<LayerMatrix.Use, Long>();
    try (var _ = new PointerScope()) {
      boolean isPair = samples.size() > 1;
      SampleBatch batch = samples.batch(0, isPair ? 2 : 1);
      List<Tensor> both = outputs(network, uses, batch, 0, 1);
      List<Tensor> second = isPair ? outputs(network, uses, batch, 1, 1) : both;
      List<Tensor> first = isPair ? outputs(network, uses, batch, 0, 0) : both;
      for (int u = 0; u < uses.size(); u++) {
        boolean[] movedByFirst = moved(both.get(u), second.get(u));
        boolean[] movedBySecond = moved(both.get(u), first.get(u));
        inner.put(
            uses.get(u),
            isPair ? inner(uses.get(u), movedByFirst, movedBySecond) : (long) movedByFirst.length);
      }
    }
    return inner;
  }

  /// @return of each use its outputs `[g, n, o]` for a batch of these two samples
  private static List<Tensor> outputs(
      LoadedNetwork network, List<LayerMatrix.Use> uses, SampleBatch batch, int one, int other) {
    var inputs = new ArrayList<Tensor>();
    List<Tensor> given = Chunks.inputs(batch, network.parameters().precision());
    for (Tensor input : given) {
      boolean isPair = input.dim() > 0 && input.size(0) == 2;
      Tensor taken =
          isPair
              ? torch.stack(new TensorVector(input.select(0, one), input.select(0, other)), 0)
              : input;
      inputs.add(Torch.keep(taken));
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

  /// The largest number of rows that agrees with what was seen.
  private static Long inner(LayerMatrix.Use use, boolean[] movedByFirst, boolean[] movedBySecond) {
    int rows = movedByFirst.length;
    for (int inner = rows / 2; inner >= 1; inner--) {
      if (rows % (2 * inner) == 0 && agrees(inner, movedByFirst, movedBySecond)) {
        return (long) inner;
      }
    }
    throw Operators.unsupported(
        use.node(), "its outputs do not belong to one sample each, so samples have no gradients");
  }

  private static boolean agrees(int inner, boolean[] movedByFirst, boolean[] movedBySecond) {
    for (int row = 0; row < movedByFirst.length; row++) {
      boolean isFirst = row / inner % 2 == 0;
      if ((movedByFirst[row] && !isFirst) || (movedBySecond[row] && isFirst)) {
        return false;
      }
    }
    return true;
  }
}
