package falcon.torch.curvature;

import org.bytedeco.pytorch.Tensor;

/// The quadratic of a layer's own error, of all its groups, as something that weights are
/// multiplied with:
///
/// ```
/// ½ tr (W − W̄) H (W − W̄)ᵀ      H = s Σ x xᵀ [k, k] over rows, s such that its mean diagonal is 1
/// ```
///
/// with W̄ the present weights. Float32; H itself or the rows that it is made of. Weights are
/// `[o, k]`, or `[g, o, k]` where there are several groups; of one group any outputs may be
/// multiplied alone.
sealed interface LayerCurvature extends AutoCloseable permits ProductCurvature, RowCurvature {
  /// @return W H, the shape of W
  Tensor times(Tensor weights);

  /// @param weights of the outputs from number `firstOutput` on
  /// @return (W̄ − W) H, the shape of W
  Tensor slope(Tensor weights, int firstOutput);

  /// @return 1 / (diag H + κ), `[1, k]` or `[g, 1, k]`
  Tensor inverseDiagonal();

  @Override
  void close();
}
