package falcon.prune.options;

import java.util.Locale;

/// How a retraining turns gradients into steps.
public enum Optimizer {
  /// [#ADAMW] for a pruned network; where all weights are trained, [#SGD] for a network with
  /// BatchNormalization, else [#ADAMW].
  AUTO,
  /// Stochastic gradient descent with Nesterov's momentum of 0.9.
  SGD,
  /// Adam with weight decay beside the gradient (Loshchilov and Hutter, arXiv:1711.05101).
  ADAMW;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
