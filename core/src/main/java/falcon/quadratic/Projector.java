package falcon.quadratic;

import falcon.budget.Budget;
import falcon.budget.Mask;

/// The best mask within a budget, as [DiscreteFirstOrder] needs it: the network's costs are the
/// projector's own affair.
@FunctionalInterface
public interface Projector {
  /// The mask of greatest total saliency that fits.
  ///
  /// @param saliency `[p]`, finite, zero or more; read only, and not kept
  Mask project(float[] saliency, Budget budget);

  /// Hears which of its masks the solver moved to: from now on only this one and later ones matter.
  default void accepted(Mask mask) {}
}
