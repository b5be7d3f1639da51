/// The loops of [falcon.runtime.kernel] by the JDK's Vector API, found as a service.
///
/// Read [falcon.runtime.vector.VectorKernels] first, then [falcon.runtime.vector.ScatteredRows].
/// Must not import any package of Falcon but `falcon.runtime.kernel`.
@NullMarked
package falcon.runtime.vector;

import org.jspecify.annotations.NullMarked;
