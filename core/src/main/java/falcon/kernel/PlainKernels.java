package falcon.kernel;

/// Plain Java: the definition of what the kernels compute.
public final class PlainKernels implements Kernels {
  /// The plain twin; stateless.
  public PlainKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public SelectionKernels selection() {
    return new PlainSelection();
  }

  @Override
  public MatrixKernels matrix() {
    return new PlainMatrix();
  }

  @Override
  public DenseKernels dense() {
    return new PlainDense();
  }
}
