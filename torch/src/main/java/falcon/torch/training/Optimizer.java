package falcon.torch.training;

/// How a training turns gradients into steps.
public enum Optimizer {
  /// Stochastic gradient descent with Nesterov's momentum; weight decay is a part of the gradient.
  SGD,
  /// Adam with weight decay beside the gradient (Loshchilov and Hutter, arXiv:1711.05101).
  ADAMW
}
