package falcon.prune.plan;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.ResourceTable;
import falcon.prune.options.Schedule;
import java.util.ArrayList;
import java.util.List;

/// The sequence of budgets that shrink from near dense to the requested one.
///
/// With s the share of the tighter limit and s₀ the share of the first step, the limits of step t
/// of T are the requested ones times r_t ≥ 1, at most the network's total:
///
/// ```
/// geometric  r_t = (s₀/s)^(1 − t/(T−1))
/// cubic      r_t = 1 + (s₀/s − 1)(1 − t/(T−1))³        FALCON (arXiv:2403.07094), section 3.3
/// ```
public final class BudgetSchedule {
  /// The share of the first step of a cubic schedule, as in the paper's code.
  private static final double CUBIC_START = 0.8;

  private BudgetSchedule() {}

  /// Returns the budgets of all steps.
  ///
  /// @param steps number of budgets T, 1 or more
  /// @param start s₀/s of a geometric schedule; s₀ is at most 80 %, or s where that is more
  /// @param budget the last budget
  /// @return T budgets, the last one `budget`
  public static List<Budget> of(
      Schedule schedule, int steps, double start, Budget budget, CostTable costs) {
    double nnzShare = (double) budget.maxNnz() / costs.weightCount();
    double macsShare =
        costs.totalMacs() == 0 ? nnzShare : (double) budget.maxMacs() / costs.totalMacs();
    double share = Math.min(1, Math.min(macsShare, nnzShare));
    ResourceTable further = costs.further();
    for (int r = 0; r < budget.further().resourceCount(); r++) {
      long total = further.total(r);
      if (total > 0) {
        share = Math.min(share, (double) budget.further().limit(r) / total);
      }
    }
    double first = Math.max(CUBIC_START, share) / share;
    var budgets = new ArrayList<Budget>();
    for (int t = 0; t < steps - 1; t++) {
      double left = 1 - (double) t / (steps - 1);
      double ratio =
          switch (schedule) {
            case GEOMETRIC -> Math.pow(Math.min(first, start), left);
            case CUBIC -> 1 + (first - 1) * left * left * left;
          };
      budgets.add(
          new Budget(
              scaled(budget.maxNnz(), ratio, costs.weightCount()),
              scaled(budget.maxMacs(), ratio, costs.totalMacs()),
              budget.further().map((r, limit) -> scaled(limit, ratio, further.total(r)))));
    }
    budgets.add(budget);
    return budgets;
  }

  private static long scaled(long limit, double ratio, long total) {
    return limit >= total ? total : Math.min(total, (long) (limit * ratio));
  }
}
