/// From the relaxation's optimum to whole weights, and the certificate of how near to optimal they
/// are.
///
/// Read [falcon.projection.integer.IntegerRounding] first; `LocalSearch` improves its choice,
/// `BranchAndBound` searches the weights near the thresholds (`Core`), `Certificate` sums up the
/// gap.
///
/// Source: ours; core and branch and bound follow the literature on knapsack problems (Martello and
/// Toth). Must not import `resource` or `falcon.projection`.
@NullMarked
package falcon.projection.integer;

import org.jspecify.annotations.NullMarked;
