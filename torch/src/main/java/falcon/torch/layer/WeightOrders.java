package falcon.torch.layer;

import falcon.model.Network;
import falcon.model.layer.WeightUse;
import falcon.model.layer.WeightUses;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.operator.RecurrentValues;
import java.util.Comparator;
import java.util.List;

/// The order in which a layer multiplies by its weights, found in the graph alone: the network need
/// not be executable.
public final class WeightOrders {
  private WeightOrders() {}

  /// Returns the order of the weights in their first product; in their first lookup, if they are
  /// only looked up. The directions of a recurrent node are groups.
  ///
  /// @param tensorName name of a weight tensor of the network
  /// @throws UnsupportedNetworkException if no node uses the tensor as weights, or it is not known
  ///     how; the message says why
  public static WeightOrder of(Network network, String tensorName) {
    List<Long> shape = network.tensor(tensorName).shape();
    List<WeightUse> uses = WeightUses.of(network, tensorName).uses();
    WeightUse first =
        uses.stream()
            .min(
                Comparator.comparing(WeightUse::isLookup)
                    .thenComparingInt(use -> network.nodes().indexOf(use.node())))
            .orElseThrow(() ->
                new UnsupportedNetworkException(
                    "no layer reads tensor '%s'".formatted(tensorName)));
    WeightOrder order = LayerGeometry.of(first, shape).order();
    if (RecurrentValues.has(first.node()) && order.groups() == 1) {
      int directions = Math.toIntExact(shape.getFirst());
      return WeightOrder.ofMatrices(
          directions, order.outputs() / directions, order.rowLength(), false);
    }
    return order;
  }
}
