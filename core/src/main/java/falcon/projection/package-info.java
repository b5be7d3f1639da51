/// The projection onto a budget: the best mask within it, with a certificate.
///
/// ```
/// maximise Σ I_i z_i   subject to  Σ z_i ≤ S,  Σ f_i z_i ≤ F,  z ∈ {0,1}^p
/// ```
///
/// Read [falcon.projection.BudgetProjection] first; it names the parts in the order in which they
/// run: `SampledZones` guesses where the thresholds lie, `Candidates` gathers the weights there in
/// one pass, `TwoBudgetDual` finds the multipliers (α, μ), `IntegerRounding` turns the relaxation's
/// optimum into whole weights (`KnapsackCore`, `LocalSearch`, `BranchAndBound`, `Certificate`),
/// `MaskWriter` writes the bits. `HistogramProjection` works without the guess.
///
/// [falcon.projection.resource.ResourceProjection] does the same for any number of resources:
/// `CostOrder` puts weights of equal cost together, `ResourceRows` finds the budgets that bind,
/// `DualSimplex` (with `LongStepSearch`) replaces `TwoBudgetDual`; both find a `DualOptimum`.
///
/// Source: FALCON (arXiv:2403.07094), section 2. Imports `falcon.budget` and `falcon.kernel`; must
/// not import `falcon.projection.resource`, `falcon.quadratic` or `falcon.leastsquares`.
@NullMarked
package falcon.projection;

import org.jspecify.annotations.NullMarked;
