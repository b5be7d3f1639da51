package falcon.prune.options;

/// The budget that a user asks for; both limits hold. Immutable.
///
/// @param macs multiply-accumulates of one example that the prunable weights may cost: a share of
///     those of all prunable weights, or a number
/// @param nnz number of prunable weights that may remain
public record BudgetRequest(Amount macs, NnzRule nnz) {
  /// Returns a budget of MACs alone; the number of weights follows ([NnzRule.Auto]).
  ///
  /// @param share more than 0, at most 1
  /// @throws IllegalArgumentException if the share is out of its range
  public static BudgetRequest macs(double share) {
    return new BudgetRequest(new Amount.Share(share), new NnzRule.Auto());
  }

  /// Returns a budget of weights alone; MACs are not limited, and need not be known.
  ///
  /// @param share more than 0, at most 1
  /// @throws IllegalArgumentException if the share is out of its range
  public static BudgetRequest nnz(double share) {
    return new BudgetRequest(new Amount.Share(1), new NnzRule.Limit(new Amount.Share(share)));
  }

  /// Returns the same budget with another rule for the number of weights.
  public BudgetRequest withNnz(NnzRule rule) {
    return new BudgetRequest(macs, rule);
  }

  @Override
  public String toString() {
    return "macs=" + macs + ", nnz=" + nnz;
  }
}
