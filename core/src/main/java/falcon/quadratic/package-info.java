/// The local model of the loss around the dense weights, and what minimises it.
///
/// Two models share the package. [falcon.quadratic.Quadratic] is the low-rank one over all prunable
/// weights, built on a [falcon.quadratic.GradientMatrix] and minimised by
/// [falcon.quadratic.DiscreteFirstOrder] (which weights stay) and [falcon.quadratic.Backsolve]
/// (what their values are). [falcon.quadratic.ChannelLeastSquares] is the full-rank one of a single
/// layer. Read `Quadratic` first.
///
/// Source: FALCON (arXiv:2403.07094), section 3; the ridge form is CHITA's (arXiv:2302.14623).
/// Imports `falcon.budget` and `falcon.kernel`; knows no network, no file and no native library.
@NullMarked
package falcon.quadratic;

import org.jspecify.annotations.NullMarked;
