/// The local quadratic model of the loss around the dense weights, and its minimisers.
///
/// Read [falcon.quadratic.Quadratic] first: the low-rank model over all prunable weights, built on
/// a [falcon.gradients.GradientMatrix] and minimised by [falcon.quadratic.DiscreteFirstOrder]
/// (support and weights) and [falcon.quadratic.Backsolve] (weights for a given support). The
/// full-rank model of a single layer is [falcon.leastsquares.ChannelLeastSquares].
///
/// X may be larger than memory: [falcon.gradients.MemoryPlan] chooses its format and place,
/// [falcon.quadratic.RestrictedQuadratic] copies the few columns that matter into memory.
///
/// Source: FALCON (arXiv:2403.07094), section 3; the ridge form is CHITA's (arXiv:2302.14623).
/// Imports `falcon.budget`, `falcon.gradients`, `falcon.kernel` and `falcon.linear`; must not
/// import `falcon.leastsquares` or `falcon.projection`. It knows no network and no native library,
/// and opens no file.
@NullMarked
package falcon.quadratic;

import org.jspecify.annotations.NullMarked;
