/// Costs of weights in resources besides multiply-accumulates: from tables of the user's own, bytes
/// of a file, measured time.
///
/// Read [falcon.prune.costs.CostFile] first. Each is a [falcon.prune.options.CostModel]. Imports
/// `falcon.prune.options`, `falcon.prune.storage` and `falcon.prune.resources` of this module
/// alone.
@NullMarked
package falcon.prune.costs;

import org.jspecify.annotations.NullMarked;
