/// From a network to steps and their memory, for one set of input shapes.
///
/// Start with [falcon.runtime.program.Compilation]. Must not import any package of Falcon but those
/// of `falcon.model`, `falcon.runtime.operator`, `falcon.runtime.kernel` and `falcon.runtime.loop`.
@NullMarked
package falcon.runtime.program;

import org.jspecify.annotations.NullMarked;
