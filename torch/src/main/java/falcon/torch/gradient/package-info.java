/// Gradients of single samples and of whole batches.
///
/// Read [falcon.torch.gradient.PerSampleGradients] first. Source: FALCON (arXiv:2403.07094),
/// section 3 (rows of the gradient matrix).
@NullMarked
package falcon.torch.gradient;

import org.jspecify.annotations.NullMarked;
