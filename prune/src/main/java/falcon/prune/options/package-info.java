/// What a caller can ask for, and what is reported back while it runs.
///
/// Read [falcon.prune.options.PruningOptions] first. Must not import other packages of this module.
@NullMarked
package falcon.prune.options;

import org.jspecify.annotations.NullMarked;
