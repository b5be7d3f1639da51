/// The gradient matrix X: one row per sample, one column per weight; it may be larger than memory.
///
/// Read [falcon.gradients.GradientMatrix] first; `TileLayout` says how it is cut, `MemoryPlan` in
/// what format and where it is kept, `MatrixProducts` multiplies by it.
///
/// Source: FALCON (arXiv:2403.07094), section 3 (low-rank quadratic). Imports `falcon.kernel`; must
/// not import `falcon.quadratic`. Opens no file: the caller hands over an open channel.
@NullMarked
package falcon.gradients;

import org.jspecify.annotations.NullMarked;
