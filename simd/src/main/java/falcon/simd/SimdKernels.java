package falcon.simd;

import falcon.kernel.DenseKernels;
import falcon.kernel.Kernels;
import falcon.kernel.MatrixKernels;
import falcon.kernel.PlainKernels;
import falcon.kernel.SelectionKernels;
import jdk.incubator.vector.VectorShape;

/// Kernels by vector instructions; same bits as [falcon.kernel.PlainKernels].
public final class SimdKernels implements Kernels {
  private final VectorShape shape;

  /// Vectors of the width that suits the processor best.
  public SimdKernels() {
    this(VectorShape.preferredShape());
  }

  /// Vectors of a given width.
  SimdKernels(VectorShape shape) {
    this.shape = shape;
  }

  @Override
  public String name() {
    return "vectors of %d bits".formatted(shape.vectorBitSize());
  }

  @Override
  public SelectionKernels selection() {
    return new SimdSelection();
  }

  @Override
  public MatrixKernels matrix() {
    return MatrixLanes.BITS < MatrixLanes.LEAST_BITS
        ? new PlainKernels().matrix()
        : new SimdMatrix();
  }

  @Override
  public DenseKernels dense() {
    return SimdDense.of(shape);
  }
}
