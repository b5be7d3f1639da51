/// From the relaxation's optimum to whole weights, and a certificate of how close to optimal they
/// are.
///
/// Read [falcon.projection.integer.IntegerRounding] first; `LocalSearch` improves its choice,
/// `BranchAndBound` searches the weights near the thresholds (`KnapsackCore`), `Certificate`
/// computes the gap.
///
/// Source: ours; `KnapsackCore` and `BranchAndBound` follow the literature on knapsack problems
/// (Martello and Toth). Must not import `resource` or `falcon.projection`.
@NullMarked
package falcon.projection.integer;

import org.jspecify.annotations.NullMarked;
