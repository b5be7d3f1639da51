package falcon.quadratic;

import falcon.budget.Mask;
import falcon.gradients.SparseWeights;
import java.util.List;

/// What [DiscreteFirstOrder] found, and why it stopped.
///
/// Immutable but for the array of weights, which belongs to whoever called the solver.
public final class Solution {
  /// Why the solver stopped.
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

  /// w `[p]`, zero where not kept. Not copied.
  public float[] weights() {
    return weights;
  }

  /// What is kept; within the budget.
  public Mask kept() {
    return kept;
  }

  /// `e − X_P w̄_P` over the pruned columns P, `[n]`: what [RestrictedQuadratic] takes.
  double[] droppedResidual() {
    return droppedResidual;
  }

  /// Q at the start and after each iteration: never rises.
  public List<Double> objectives() {
    return objectives;
  }

  /// Q at the start, after projection.
  public double initialObjective() {
    return objectives.getFirst();
  }

  /// Q at the end.
  public double objective() {
    return objectives.getLast();
  }

  /// Steps taken.
  public int iterations() {
    return objectives.size() - 1;
  }

  /// How many kept weights were not kept at the start.
  public int supportChanges() {
    return supportChanges;
  }

  /// Why the solver stopped.
  public Outcome outcome() {
    return outcome;
  }
}
