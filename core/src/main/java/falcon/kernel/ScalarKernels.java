package falcon.kernel;

/// Plain Java: the definition of what the kernels compute.
public final class ScalarKernels implements Kernels {
  /// The plain twin; stateless.
  public ScalarKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public SelectionKernels selection() {
    return new ScalarSelection();
  }

  @Override
  public MatrixKernels matrix() {
    return new ScalarMatrix();
  }

  @Override
  public DenseKernels dense() {
    return new ScalarDense();
  }
}
