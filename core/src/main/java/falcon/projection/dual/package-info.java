/// Lower bounds: the optimum of the Lagrangian dual of the relaxed projection.
///
/// Read [falcon.projection.dual.DualOptimum] first: the result of either search. `TwoBudgetDual`
/// finds it for two budgets by bisection on the bits of the multipliers, `DualSimplex` for any
/// number.
///
/// Source: FALCON (arXiv:2403.07094), section 2.2. Must not import `integer`, `resource` or
/// `falcon.projection`.
@NullMarked
package falcon.projection.dual;

import org.jspecify.annotations.NullMarked;
