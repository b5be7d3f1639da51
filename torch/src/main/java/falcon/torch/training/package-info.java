/// Gradient steps: the refinement, plain training, and the refresh of BatchNormalization.
///
/// Read [falcon.torch.training.Refinement] first. Source: Adam (arXiv:1412.6980); the loss is a
/// distillation of outputs and features of the dense network. Must not import `curvature` or
/// `reconstruction`.
@NullMarked
package falcon.torch.training;

import org.jspecify.annotations.NullMarked;
