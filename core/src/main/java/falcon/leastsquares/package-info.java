/// The least-squares problem of one layer: many channels on the same inputs, each with weights of
/// its own.
///
/// Read [falcon.leastsquares.ChannelLeastSquares] first: it chooses between direct solvers
/// (`ExactChannels`, `MixedPrecisionChannels`) and conjugate gradients (`PreconditionedChannels`).
///
/// Source: the layer-wise problem of OBC (arXiv:2208.11580), section 3; the preconditioner is a
/// Nyström approximation (Frangella, Tropp, Udell, arXiv:2110.02820). Must import only
/// `falcon.linear` and `falcon.kernel`, not `falcon.quadratic` or `falcon.gradients`.
@NullMarked
package falcon.leastsquares;

import org.jspecify.annotations.NullMarked;
