/// Prunes a network to a budget: the door of the library.
///
/// Read [falcon.prune.Falcon] first, then [falcon.prune.Pruning], which is the story of a run:
/// plan, calibrate, stages, judge, report. `WeightPruning` is the same without data.
@NullMarked
package falcon.prune;

import org.jspecify.annotations.NullMarked;
