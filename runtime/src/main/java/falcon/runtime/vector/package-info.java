/// The loops of [falcon.runtime.loop] by the JDK's Vector API, found as a service.
///
/// Read [falcon.runtime.vector.VectorKernels] first, then [falcon.runtime.vector.ScatteredRows].
/// Must not import any package of Falcon but `falcon.runtime.loop`.
@NullMarked
package falcon.runtime.vector;

import org.jspecify.annotations.NullMarked;
