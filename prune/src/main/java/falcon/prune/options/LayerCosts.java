package falcon.prune.options;

import falcon.budget.CostPattern;
import java.util.List;

/// The costs of a network's layers in one resource, in whole numbers of 10⁻ᵈ units. Immutable.
///
/// ```
/// cost of a network = fixed + Σ cost of its kept weights
/// ```
///
/// @param byLayer costs of the weights of each prunable layer, in one resource
/// @param fixed cost that is paid whatever is pruned, 0 or more
/// @param dense cost of the dense network, of which budgets may be a share; the sum above, or less
///     where single layers become cheaper at full size
/// @param decimals d, number of decimal places of the unit
/// @param notes what a user should know of these costs, one sentence each
public record LayerCosts(
    List<CostPattern> byLayer, long fixed, long dense, int decimals, List<String> notes) {
  /// Copies the lists and checks the numbers.
  ///
  /// @throws IllegalArgumentException if a number is negative
  public LayerCosts {
    byLayer = List.copyOf(byLayer);
    notes = List.copyOf(notes);
    if (fixed < 0 || dense < 0) {
      throw new IllegalArgumentException(
          "fixed cost %d and dense cost %d must be 0 or more".formatted(fixed, dense));
    }
  }
}
