package falcon.simd;

import falcon.kernel.SelectionKernels;

/// [SelectionKernels] by vector instructions.
final class SimdSelection implements SelectionKernels {}
