/// The loops of [falcon.kernel] by the JDK's Vector API, found as a service.
///
/// Read [falcon.simd.SimdKernels] first. Must not import any package of Falcon but `falcon.kernel`;
/// no other shipped package may import `jdk.incubator.vector`.
@NullMarked
package falcon.simd;

import org.jspecify.annotations.NullMarked;
