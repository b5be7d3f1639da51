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

  /// Returns the weights of greatest total saliency within a budget for the weights that may come
  /// in next. They need not be a mask that [#project] could return; by default they are.
  ///
  /// @param saliency `[p]`, finite, zero or more; read only, and not retained
  default Mask candidates(float[] saliency, Budget budget) {
    return project(saliency, budget);
  }

  /// Receives the mask that the solver moved to: from now on only this mask and later ones matter.
  default void accepted(Mask mask) {}
}
