/// The layer-wise re-fit of weights to the dense network's outputs.
///
/// Read [falcon.torch.reconstruction.Reconstruction] first. Source: OBC (arXiv:2208.11580), section
/// 3; the treatment of sums and means is ours. Must not import `gradient` or `training`.
@NullMarked
package falcon.torch.reconstruction;

import org.jspecify.annotations.NullMarked;
