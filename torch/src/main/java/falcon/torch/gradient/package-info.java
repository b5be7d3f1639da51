/// Per-sample gradients, and gradients of whole batches.
///
/// Read [falcon.torch.gradient.PerSampleGradients] first. Source: FALCON (arXiv:2403.07094),
/// section 3 (rows of the gradient matrix). Must not import `curvature`, `reconstruction` or
/// `training`.
@NullMarked
package falcon.torch.gradient;

import org.jspecify.annotations.NullMarked;
