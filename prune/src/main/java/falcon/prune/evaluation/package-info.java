/// The evaluation of a network with data: their compatibility, the measure, and the judgement by
/// it.
///
/// Read [falcon.prune.evaluation.NetworkWithData] first.
@NullMarked
package falcon.prune.evaluation;

import org.jspecify.annotations.NullMarked;
