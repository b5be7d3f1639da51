package falcon.budget;

import java.util.List;

/// A pattern of zeros, and what it needs to know of the layers that it holds for.
///
/// @param pattern any pattern but [SparsityPattern#SCATTERED], which needs no layout
/// @param rows the rows of each layer, in the order of a [CostTable]
public record PatternLayout(SparsityPattern pattern, List<WeightRows> rows) {
  /// Copies the list.
  ///
  /// @throws IllegalArgumentException if the pattern is the scattered one
  public PatternLayout {
    rows = List.copyOf(rows);
    if (pattern instanceof SparsityPattern.Scattered) {
      throw new IllegalArgumentException("scattered zeros have no layout");
    }
  }

  /// Refuses costs of other layers.
  ///
  /// @throws IllegalArgumentException if the numbers of layers or of their weights differ
  public void refuseOthers(CostTable costs) {
    if (rows.size() != costs.layers().size()) {
      throw new IllegalArgumentException(
          "the pattern is laid out for %d layers, the costs are of %d"
              .formatted(rows.size(), costs.layers().size()));
    }
    for (int l = 0; l < rows.size(); l++) {
      CostTable.Layer layer = costs.layers().get(l);
      if (rows.get(l).weights() != layer.count()) {
        throw new IllegalArgumentException(
            "layer '%s' has %d weights, its rows have %d"
                .formatted(layer.name(), layer.count(), rows.get(l).weights()));
      }
    }
  }
}
