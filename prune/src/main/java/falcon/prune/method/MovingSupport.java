package falcon.prune.method;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.projection.Projection;
import falcon.torch.training.Refinement;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/// The discrete first-order method on the network's own distance to the dense one: every few steps of the
/// refinement all weights, the pruned ones with what they would be, are projected onto the budget anew.
final class MovingSupport implements Refinement.SupportChoice {
  private final CostTable costs;
  private final int interval;
  private final Function<float[], Projection> projection;
  private Projection last;
  private boolean hasChosen;

  /// @param interval steps between two choices, one or more
  /// @param projection of weights
  /// @param first the projection that the refinement starts from
  MovingSupport(
      CostTable costs, int interval, Function<float[], Projection> projection, Projection first) {
    this.costs = costs;
    this.interval = interval;
    this.projection = projection;
    this.last = first;
  }

  /// The last projection that was made.
  Projection last() {
    return last;
  }

  @Override
  public int interval() {
    return interval;
  }

  @Override
  public int lastStep(int steps) {
    return steps / 2;
  }

  @Override
  public Map<String, boolean[]> choose(Map<String, float[]> weightsByTensor) {
    var weights = new float[costs.weightCount()];
    for (CostTable.Layer layer : costs.layers()) {
      float[] values = Objects.requireNonNull(weightsByTensor.get(layer.name()));
      System.arraycopy(values, 0, weights, layer.offset(), layer.count());
    }
    last = projection.apply(weights);
    hasChosen = true;
    Mask mask = last.mask();
    var keptByTensor = new HashMap<String, boolean[]>();
    for (CostTable.Layer layer : costs.layers()) {
      var kept = new boolean[layer.count()];
      for (int i = 0; i < kept.length; i++) {
        kept[i] = mask.isKept(layer.offset() + i);
      }
      keptByTensor.put(layer.name(), kept);
    }
    return keptByTensor;
  }

  /// Before the first choice nothing: the projection that the refinement starts from is known.
  @Override
  public List<Double> memory() {
    return hasChosen ? ProjectionNumbers.of(last) : List.of();
  }

  @Override
  public void recall(List<Double> memory, Map<String, BitSet> keptByTensor) {
    var kept = new boolean[costs.weightCount()];
    for (CostTable.Layer layer : costs.layers()) {
      BitSet ofLayer = Objects.requireNonNull(keptByTensor.get(layer.name()));
      for (int i = 0; i < layer.count(); i++) {
        kept[layer.offset() + i] = ofLayer.get(i);
      }
    }
    last = ProjectionNumbers.projection(Mask.ofKept(kept), memory);
    hasChosen = true;
  }
}
