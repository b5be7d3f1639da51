/// The entry point of the library: prunes a network to a budget.
///
/// Read [falcon.prune.Falcon] first, then [falcon.prune.Pruning], which performs the steps of a run
/// in order: plan, calibration, stages, evaluation, report. `WeightPruning` does the same without
/// data.
@NullMarked
package falcon.prune;

import org.jspecify.annotations.NullMarked;
