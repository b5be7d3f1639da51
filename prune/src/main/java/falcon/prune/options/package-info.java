/// The options and budgets of a caller, and the progress that is reported while a run is active.
///
/// Read [falcon.prune.options.PruningOptions] first. Must not import other packages of this module.
@NullMarked
package falcon.prune.options;

import org.jspecify.annotations.NullMarked;
