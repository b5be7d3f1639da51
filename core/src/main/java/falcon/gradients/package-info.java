/// The gradient matrix X: one row per sample, one column per weight; it may be larger than memory.
///
/// Read [falcon.gradients.GradientMatrix] first; `TileLayout` says how it is cut, `MemoryPlan`
/// chooses its format and place, `MatrixProducts` multiplies by it.
///
/// Source: FALCON (arXiv:2403.07094), section 3 (low-rank quadratic). Imports `falcon.budget`,
/// `falcon.kernel` and `falcon.linear`; must not import `falcon.quadratic` or
/// `falcon.leastsquares`. Opens no file: the caller hands over an open channel.
@NullMarked
package falcon.gradients;

import org.jspecify.annotations.NullMarked;
