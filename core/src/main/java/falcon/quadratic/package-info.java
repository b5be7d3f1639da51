/// The local model of the loss around the dense weights, and what minimises it.
///
/// Two models share the package. [falcon.quadratic.Quadratic] is the low-rank one over all prunable
/// weights, built on a [falcon.gradients.GradientMatrix] and minimised by
/// [falcon.quadratic.DiscreteFirstOrder] (which weights stay) and [falcon.quadratic.Backsolve]
/// (what their values are). [falcon.leastsquares.ChannelLeastSquares] is the full-rank one of a
/// single layer. Read `Quadratic` first.
///
/// X may be larger than memory: [falcon.gradients.MemoryPlan] decides in what format and where it
/// is kept, [falcon.quadratic.RestrictedQuadratic] brings the few columns that matter into memory.
///
/// Source: FALCON (arXiv:2403.07094), section 3; the ridge form is CHITA's (arXiv:2302.14623).
/// Imports `falcon.budget` and `falcon.kernel`; knows no network and no native library, and opens
/// no file: who wants X in one hands over an open channel.
@NullMarked
package falcon.quadratic;

import org.jspecify.annotations.NullMarked;
