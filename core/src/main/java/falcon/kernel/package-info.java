/// The few loops that touch all of a gradient matrix or of a dense factorisation.
///
/// [falcon.kernel.MatrixKernels] are the loops over a gradient matrix that are bound by memory,
/// with a vectorised twin elsewhere; [falcon.kernel.VectorLoops] holds the arithmetic, written so
/// that the order of every sum is fixed by the data and the compiler can vectorise it;
/// [falcon.kernel.Chunks] spreads work over an executor without letting the number of threads into
/// the result. Read `VectorLoops` first. Imports nothing but the JDK.
@NullMarked
package falcon.kernel;

import org.jspecify.annotations.NullMarked;
