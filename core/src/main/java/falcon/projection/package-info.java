/// The best mask within a budget, with a certificate.
///
/// ```
/// maximise Σ I_i z_i   subject to  Σ z_i ≤ S,  Σ f_i z_i ≤ F,  z ∈ {0,1}^p
/// ```
///
/// Read [falcon.projection.BudgetProjection] first; it names the parts in the order in which they
/// run: `SaliencyHistogram` sorts the weights of each cost class into groups, `DualSearch` finds the
/// multipliers (α, μ) on the groups, `IntegerFinish` turns the relaxation's optimum into whole
/// weights, `MaskWriter` writes the bits.
///
/// Source: FALCON (arXiv:2403.07094), section 2. Imports `falcon.budget` and the JDK.
@NullMarked
package falcon.projection;

import org.jspecify.annotations.NullMarked;
