package falcon.simd;

import falcon.kernel.MatrixKernels;

/// [MatrixKernels] by vector instructions.
final class SimdMatrix implements MatrixKernels {}
