/// Network and data together: whether they fit, what the network is judged by, and judging it.
///
/// Read [falcon.prune.evaluation.NetworkWithData] first.
@NullMarked
package falcon.prune.evaluation;

import org.jspecify.annotations.NullMarked;
