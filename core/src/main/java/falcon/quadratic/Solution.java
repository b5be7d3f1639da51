package falcon.quadratic;

import falcon.budget.Mask;
import falcon.gradients.SparseWeights;
import java.util.List;

/// The result of [DiscreteFirstOrder], and the reason why it stopped.
///
/// Instances are immutable except for the array of weights, which belongs to the caller of the
/// solver.
public final class Solution {
  /// The reason why the solver stopped.
  public enum Outcome {
    /// The support stayed as it was and no weight outside the active set would enter.
    SUPPORT_UNCHANGED,
    /// The last steps lowered the objective by less than the tolerance, or none could lower it.
    SMALL_DECREASE,
    /// The iteration limit was reached; the result is valid and may still improve.
    ITERATION_LIMIT
  }

  private final float[] weights;
  private final Mask kept;
  private final List<Double> objectives;
  private final double[] droppedResidual;
  private final int supportChanges;
  private final Outcome outcome;

  /// @param droppedResidual see [#droppedResidual()]; shared
  Solution(
      SparseWeights weights,
      Mask kept,
      List<Double> objectives,
      double[] droppedResidual,
      int supportChanges,
      Outcome outcome) {
    this.weights = weights.toDense(kept.weightCount());
    this.kept = kept;
    this.objectives = List.copyOf(objectives);
    this.droppedResidual = droppedResidual;
    this.supportChanges = supportChanges;
    this.outcome = outcome;
  }

  /// Returns w `[p]`, zero where not kept; not copied.
  public float[] weights() {
    return weights;
  }

  /// Returns the mask, which is within the budget.
  public Mask kept() {
    return kept;
  }

  /// Returns `e − X_P w̄_P` over the pruned columns P, `[n]`: the residual that
  /// [RestrictedQuadratic] needs.
  double[] droppedResidual() {
    return droppedResidual;
  }

  /// Returns Q at the start and after each iteration; it never rises.
  public List<Double> objectives() {
    return objectives;
  }

  /// Returns Q at the start, after projection.
  public double initialObjective() {
    return objectives.getFirst();
  }

  /// Returns Q at the end.
  public double objective() {
    return objectives.getLast();
  }

  /// Returns the number of steps taken.
  public int iterations() {
    return objectives.size() - 1;
  }

  /// Returns the number of kept weights that were not kept at the start.
  public int supportChanges() {
    return supportChanges;
  }

  /// Returns the reason why the solver stopped.
  public Outcome outcome() {
    return outcome;
  }
}
