package falcon.torch.curvature;

/// Chooses the weights of a layer from its least-squares problem.
public interface LeastSquaresSolver {
  /// Solves a problem stated by the products of the layer's inputs.
  ///
  /// @return new weights `[o, k]`, matrix order
  float[] solve(LayerProblem problem);

  /// Solves a problem stated by the layer's rows: it has fewer rows than inputs, or too many inputs
  /// for a matrix of their products. The default computes the products in any case.
  ///
  /// @return new weights `[o, k]`, matrix order
  default float[] solve(RowProblem problem) {
    return solve(problem.products());
  }
}
