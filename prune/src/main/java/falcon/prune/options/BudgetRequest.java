package falcon.prune.options;

/// The budget that a user asks for.
///
/// @param macs multiply-accumulates of the prunable weights that may stay
/// @param nnz number of prunable weights that may stay
public record BudgetRequest(Amount macs, NnzRule nnz) {
  /// A budget of MACs alone; the number of weights follows ([NnzRule.Auto]).
  ///
  /// @param share more than 0, at most 1
  public static BudgetRequest macs(double share) {
    return new BudgetRequest(new Amount.Share(share), new NnzRule.Auto());
  }

  /// A budget of weights alone; MACs are not limited, and need not be known.
  ///
  /// @param share more than 0, at most 1
  public static BudgetRequest nnz(double share) {
    return new BudgetRequest(new Amount.Share(1), new NnzRule.Limit(new Amount.Share(share)));
  }

  /// The same with another rule for the number of weights.
  public BudgetRequest withNnz(NnzRule rule) {
    return new BudgetRequest(macs, rule);
  }

  @Override
  public String toString() {
    return "macs=" + macs + ", nnz=" + nnz;
  }
}
