package falcon.torch.curvature;

/// Chooses the weights of a layer from its least-squares problem.
public interface LeastSquaresSolver {
  /// Solves a problem that is given by the products of the layer's inputs.
  ///
  /// @return new weights `[o, k]`, matrix order
  float[] solve(LayerProblem problem);

  /// Solves a problem that is given by the layer's rows: it has fewer rows than inputs, or more
  /// inputs than a matrix of their products can be held for. The default makes the products all the
  /// same.
  ///
  /// @return new weights `[o, k]`, matrix order
  default float[] solve(RowProblem problem) {
    return solve(problem.products());
  }
}
