/// Costs of a network's weights, and limits on what a pruned network may keep of them.
///
/// A [falcon.budget.CostTable] says how many weights each layer has and what one of them costs, a
/// [falcon.budget.Budget] limits the number of weights and of multiply-accumulates, and a
/// [falcon.budget.Mask] says which weights are kept. Read `CostTable` first.
///
/// [falcon.budget.ResourceTable] and [falcon.budget.ResourceBudget] are the same for any number of
/// resources, with costs that may differ inside a layer ([falcon.budget.CostPattern]).
///
/// Source: FALCON (arXiv:2403.07094), section 2. Must not import any other package of Falcon.
@NullMarked
package falcon.budget;

import org.jspecify.annotations.NullMarked;
