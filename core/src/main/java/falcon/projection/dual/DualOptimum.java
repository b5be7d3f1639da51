package falcon.projection.dual;

/// The optimum of the linear relaxation (z ∈ \[0, 1\]^p) on the groups of the cost classes, found
/// from its dual function.
///
/// ```
/// g(μ) = Σ_r μ_r b_r + Σ_c (V_c(t_c) − t_c N_c(t_c)),   t_c = Σ_r μ_r a_cr,   μ ≥ 0
/// ∂g/∂μ_r = b_r − Σ_c a_cr N_c
/// ```
///
/// N_c(t) counts the weights of class c above t and V_c(t) adds them up; a_cr is the cost of one
/// weight, b_r the budget of a resource. g is convex and piecewise linear: its breakpoints are
/// where a threshold t_c meets the value of a group. The count of a class is clamped to its limits,
/// which leaves these properties unchanged. *Any* μ ≥ 0 gives a bound on every mask within the
/// budget.
public sealed interface DualOptimum permits TwoBudgetDual, DualSimplex {
  /// Finds the multipliers for the present groups.
  void run();

  /// Returns the multiplier μ_r.
  double multiplier(int r);

  /// Returns the threshold t_c: weights of class c with more saliency are worth keeping.
  double threshold(int c);

  /// Returns the first group of class c that lies at the threshold; those before it are above.
  int firstTied(int c);

  /// Returns the first group of class c that lies below the threshold.
  int endTied(int c);

  /// Computes how many weights of each class the optimum keeps, rounded down to whole weights:
  /// within the limits of every class and the budget.
  ///
  /// @param kept by class, overwritten
  void roundDown(int[] kept);
}
