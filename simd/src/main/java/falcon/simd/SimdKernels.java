package falcon.simd;

import falcon.kernel.DenseKernels;
import falcon.kernel.Kernels;
import falcon.kernel.MatrixKernels;
import falcon.kernel.ScalarKernels;
import falcon.kernel.SelectionKernels;

/// Kernels by vector instructions, with the same bits as [falcon.kernel.ScalarKernels].
public final class SimdKernels implements Kernels {
  /// Creates kernels with vectors of the width of [VectorWidth].
  public SimdKernels() {}

  @Override
  public String name() {
    return "vectors of %d bits".formatted(VectorWidth.BITS);
  }

  @Override
  public SelectionKernels selection() {
    return new SimdSelection();
  }

  @Override
  public MatrixKernels matrix() {
    return VectorWidth.BITS < MatrixLanes.LEAST_BITS
        ? new ScalarKernels().matrix()
        : new SimdMatrix();
  }

  @Override
  public DenseKernels dense() {
    return new SimdDense();
  }
}
