/// The loops of [falcon.kernel] by the JDK's Vector API, found as a service; the only package that
/// may import `jdk.incubator.vector`. Read [falcon.simd.SimdKernels] first.
@NullMarked
package falcon.simd;

import org.jspecify.annotations.NullMarked;
