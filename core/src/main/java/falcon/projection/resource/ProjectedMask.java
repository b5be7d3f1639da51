package falcon.projection.resource;

import falcon.budget.Mask;
import java.util.List;

/// The mask that a [ResourceProjection] found, and the proof of how good it is.
///
/// For any multipliers μ ≥ 0 no mask within the budget is worth more than
///
/// ```
/// g(μ) = Σ_r μ_r b_r + Σ_i max(0, I_i − Σ_r μ_r a_ir)
/// ```
///
/// so `value ≤ best possible ≤ bound`, which anyone can check from saliencies, costs and μ. b_r is
/// the budget rounded down to a multiple of the greatest common divisor of the resource's costs,
/// which no mask can tell from the budget itself. Where layers have limits of their own, the sum of
/// a layer runs over as many of its best weights as its limits allow.
///
/// @param mask which weights are kept
/// @param value Σ I_i over the kept weights, in the unit of the saliency
/// @param bound g(μ) at the optimum of the relaxation, in the unit of the saliency
/// @param gap `bound − value`, zero or more; computed from the weights at the thresholds, not by
///     subtraction, so that it keeps its digits when it is tiny
/// @param uses what is used of each resource, in the order of the table
/// @param isOptimal whether the search proved that no mask within the budget is worth more (up to
///     the rounding of float64), though the gap may be above zero
public record ProjectedMask(
    Mask mask, double value, double bound, double gap, List<Use> uses, boolean isOptimal) {
  /// What a mask uses of one resource.
  ///
  /// @param resource its name
  /// @param multiplier μ_r, saliency per unit of the resource; 0 where the budget does not bind
  /// @param used what the kept weights cost
  /// @param slack how much more the budget would allow
  public record Use(String resource, double multiplier, long used, long slack) {}

  /// Copies the list.
  public ProjectedMask {
    uses = List.copyOf(uses);
  }

  /// `gap / bound`, 0 … 1; 0 where both are 0.
  public double relativeGap() {
    return gap == 0 ? 0 : gap / bound;
  }
}
