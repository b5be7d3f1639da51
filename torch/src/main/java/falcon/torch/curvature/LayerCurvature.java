package falcon.torch.curvature;

import org.bytedeco.pytorch.Tensor;

/// The curvature of the error of a layer's outputs, of all its groups, as an operator on weights:
///
/// ```
/// ½ tr (W − W̄) H (W − W̄)ᵀ      H = Σ x xᵀ [k, k] over rows, its mean diagonal is 1
/// ```
///
/// with W̄ the present weights. All weights here are in the units of their inputs ([InputUnits]).
/// It is held in float32, as H itself or as the rows that H is made of. Weights are `[o, k]`, or
/// `[g, o, k]` where there are several groups; with one group, any subset of the outputs may be
/// multiplied.
sealed interface LayerCurvature extends AutoCloseable permits ProductCurvature, RowCurvature {
  /// @return W H, the shape of W
  Tensor times(Tensor weights);

  /// @param weights weights of the outputs from number `firstOutput` on
  /// @return (W̄ − W) H, the shape of W
  Tensor slope(Tensor weights, int firstOutput);

  /// Returns the units of the inputs of all groups, `[g · k]`, above 0; not copied.
  float[] inputUnits();

  /// @return 1 / (diag H + κ), `[1, k]` or `[g, 1, k]`
  Tensor inverseDiagonal();

  /// Returns the bytes that are held outside of the Java heap.
  long bytes();

  @Override
  void close();
}
