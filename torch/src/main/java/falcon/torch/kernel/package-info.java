/// Libtorch itself: loading it, its self-test, and the kernels that the test found right.
///
/// Read [falcon.torch.kernel.NativeLibraries] first; `KernelTrials` is the self-test,
/// `KernelVerdict` its result, `Convolution` a convolution that the right kernels compute.
/// `Workers` are the threads of a run.
///
/// See ADR 2 (loading) and 13 (kernels). Must not import other packages of this module but
/// `falcon.torch`.
@NullMarked
package falcon.torch.kernel;

import org.jspecify.annotations.NullMarked;
