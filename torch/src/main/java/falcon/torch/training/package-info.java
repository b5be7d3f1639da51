/// Gradient steps: the refinement, plain training, and the refresh of BatchNormalization.
///
/// Read [falcon.torch.training.Refinement] first. Source: Adam (arXiv:1412.6980); distillation of
/// outputs and features of the dense network.
@NullMarked
package falcon.torch.training;

import org.jspecify.annotations.NullMarked;
