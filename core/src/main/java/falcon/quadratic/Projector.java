package falcon.quadratic;

import falcon.budget.Budget;
import falcon.budget.Mask;

/// The projection onto a budget that [DiscreteFirstOrder] needs; implementations know the network's
/// costs.
@FunctionalInterface
public interface Projector {
  /// Returns the mask of greatest total saliency that fits the budget.
  ///
  /// @param saliency `[p]`, finite, zero or more; read only, and not retained
  Mask project(float[] saliency, Budget budget);

  /// Receives the mask that the solver moved to: from now on only this mask and later ones matter.
  default void accepted(Mask mask) {}
}
