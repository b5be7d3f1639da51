package falcon.projection;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import java.util.ArrayList;
import java.util.List;

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
/// @param further use of the further resources that the budget limits, in the order of the budget
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
    boolean isOptimal,
    List<ResourceUse> further) {
  /// Copies the list.
  public Projection {
    further = List.copyOf(further);
  }

  /// Creates a projection onto a budget of weights and multiply-accumulates alone.
  public Projection(
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
    this(mask, value, bound, gap, alpha, mu, nnz, macs, nnzSlack, macsSlack, isOptimal, List.of());
  }

  /// Returns `gap / bound`, 0 … 1; 0 where both are 0.
  public double relativeGap() {
    return gap == 0 ? 0 : gap / bound;
  }

  /// Returns the projection without weights that add nothing to its value.
  ///
  /// @param keepable the weights that may stay; all others have no saliency
  public Projection within(Mask keepable, CostTable costs) {
    Mask left = mask.and(keepable);
    long leftMacs = left.macs(costs);
    List<ResourceUse> uses = new ArrayList<>();
    for (ResourceUse use : further) {
      long leftUsed = costs.further().used(left, uses.size());
      long slack = use.slack() + use.used() - leftUsed;
      uses.add(new ResourceUse(use.resource(), use.multiplier(), leftUsed, slack));
    }
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
        isOptimal,
        uses);
  }
}
