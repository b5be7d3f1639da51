package falcon.projection;

import falcon.budget.CostTable;
import falcon.budget.Mask;

/// The mask found by a projection, with the certificate of its quality.
///
/// For any multipliers α, μ ≥ 0 no mask within the budget is worth more than
///
/// ```
/// g(α, μ) = α S + μ F + Σ max(0, I_i − α − μ f_i)
/// ```
///
/// so `value ≤ best possible ≤ bound`, which can be checked from saliencies, costs and (α, μ)
/// alone. Where layers have limits of their own, the sum of a layer runs over as many of its best
/// weights as its limits allow.
///
/// @param mask the kept weights
/// @param value Σ I_i over the kept weights, in the unit of the saliency
/// @param bound g(α, μ) at the optimum of the relaxation, in the unit of the saliency
/// @param gap `bound − value`, zero or more; computed from the weights at the thresholds, not by
///     subtraction, so that it keeps its digits when it is tiny
/// @param alpha multiplier α of the NNZ budget, saliency per weight
/// @param mu multiplier μ of the MAC budget, saliency per multiply-accumulate
/// @param nnz number of kept weights
/// @param macs their cost, multiply-accumulates of one example
/// @param nnzSlack number of further weights that the NNZ budget would allow
/// @param macsSlack number of further multiply-accumulates that the MAC budget would allow
/// @param isOptimal whether the search proved that no mask within the budget is worth more (up to
///     the rounding of float64), though the gap may be above zero
public record Projection(
    Mask mask,
    double value,
    double bound,
    double gap,
    double alpha,
    double mu,
    long nnz,
    long macs,
    long nnzSlack,
    long macsSlack,
    boolean isOptimal) {
  /// Returns `gap / bound`, 0 … 1; 0 where both are 0.
  public double relativeGap() {
    return gap == 0 ? 0 : gap / bound;
  }

  /// Returns the projection without weights that add nothing to its value.
  ///
  /// @param keepable the weights that may stay; all others have no saliency
  Projection within(Mask keepable, CostTable costs) {
    Mask left = mask.and(keepable);
    long leftMacs = left.macs(costs);
    return new Projection(
        left,
        value,
        bound,
        gap,
        alpha,
        mu,
        left.keptCount(),
        leftMacs,
        nnzSlack + nnz - left.keptCount(),
        macsSlack + macs - leftMacs,
        isOptimal);
  }
}
