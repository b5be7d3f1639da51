package falcon.prune.method;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.model.Network;
import falcon.model.WeightStorage;

/// Masks of weights that a file stores in another form than the one that products use.
public final class StoredMask {
  private StoredMask() {}

  /// Returns a mask in the order in which the file stores the weights of each layer. Those of a
  /// layer that is a part of a constant, or made of several, are in the order of the product.
  ///
  /// @param mask in the order of the weights that products use
  /// @param network whose weights these are
  public static Mask of(Mask mask, CostTable costs, Network network) {
    if (costs.layers().stream().allMatch(layer -> network.storage(layer.name()) == null)) {
      return mask;
    }
    var kept = new boolean[costs.weightCount()];
    for (CostTable.Layer layer : costs.layers()) {
      WeightStorage storage = network.storage(layer.name());
      int[] weights = storage == null ? null : storage.weightByElement().get(layer.name());
      for (int i = 0; i < layer.count(); i++) {
        kept[layer.offset() + i] = mask.isKept(layer.offset() + (weights == null ? i : weights[i]));
      }
    }
    return Mask.ofKept(kept);
  }
}
