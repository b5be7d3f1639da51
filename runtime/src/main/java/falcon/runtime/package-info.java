/// Runs networks in plain Java, so that pruned weights cost no time.
///
/// Start with [falcon.runtime.FalconRuntime]. Must not import any package of Falcon but those of
/// `falcon.model` and its own.
@NullMarked
package falcon.runtime;

import org.jspecify.annotations.NullMarked;
