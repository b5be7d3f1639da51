/// The few loops that touch all of a gradient matrix or of a dense factorisation.
///
/// [falcon.kernel.MatrixKernels] are the memory-bound loops over a gradient matrix, with a
/// vectorised twin in a module of its own; [falcon.kernel.VectorLoops] holds the arithmetic,
/// written so that the order of every sum is fixed by the data and the compiler can vectorise it;
/// [falcon.kernel.Chunks] spreads work over an executor so that the result does not depend on the
/// number of threads. Read `VectorLoops` first. Must not import any other package of Falcon.
@NullMarked
package falcon.kernel;

import org.jspecify.annotations.NullMarked;
