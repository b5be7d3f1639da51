package falcon.projection.resource;

import falcon.budget.Mask;
import falcon.projection.ResourceUse;
import java.util.List;

/// The mask found by a [ResourceProjection], with the certificate of its quality.
///
/// For any multipliers μ ≥ 0 no mask within the budget is worth more than
///
/// ```
/// g(μ) = Σ_r μ_r b_r + Σ_i max(0, I_i − Σ_r μ_r a_ir)
/// ```
///
/// so `value ≤ best possible ≤ bound`, which can be checked from saliencies, costs and μ alone. b_r
/// is the budget rounded down to a multiple of the greatest common divisor of the resource's costs,
/// which admits the same masks as the budget itself. Where layers have limits of their own, the sum
/// of a layer runs over as many of its best weights as its limits allow.
///
/// @param mask the kept weights
/// @param value Σ I_i over the kept weights, in the unit of the saliency
/// @param bound g(μ) at the optimum of the relaxation, in the unit of the saliency
/// @param gap `bound − value`, zero or more; computed from the weights at the thresholds, not by
///     subtraction, so that it keeps its digits when it is tiny
/// @param uses use of each resource, in the order of the table
/// @param isOptimal whether the search proved that no mask within the budget is worth more (up to
///     the rounding of float64), though the gap may be above zero
public record ProjectedMask(
    Mask mask, double value, double bound, double gap, List<ResourceUse> uses, boolean isOptimal) {
  /// Copies the list.
  public ProjectedMask {
    uses = List.copyOf(uses);
  }

  /// Returns `gap / bound`, 0 … 1; 0 where both are 0.
  public double relativeGap() {
    return gap == 0 ? 0 : gap / bound;
  }
}
