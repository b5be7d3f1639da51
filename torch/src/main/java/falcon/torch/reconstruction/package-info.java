/// Re-fits weights layer by layer from the dense network's outputs.
///
/// Read [falcon.torch.reconstruction.Reconstruction] first. Source: OBC (arXiv:2208.11580), section
/// 3; sums and means are ours.
@NullMarked
package falcon.torch.reconstruction;

import org.jspecify.annotations.NullMarked;
