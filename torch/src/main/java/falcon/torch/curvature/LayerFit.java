package falcon.torch.curvature;

import falcon.torch.layer.LayerMatrix;

/// What a layer gets and what it should make of it, over samples and positions: its least squares,
/// one problem a group.
public sealed interface LayerFit extends AutoCloseable permits InputProducts, InputRows {
  /// Mean of input i.
  double inputMean(int group, int i);

  /// Mean of wanted output c.
  double outputMean(int group, int c);

  /// Has a group's problem solved.
  ///
  /// @param isCentred whether inputs and outputs count less their means
  /// @param present weights of the group `[o, k]`, matrix order
  /// @return new weights `[o, k]`, matrix order
  float[] solve(LeastSquaresSolver solver, Group group, boolean isCentred, float[] present);

  @Override
  void close();

  /// A group of a layer.
  ///
  /// @param layer whose weights these are
  /// @param number of the group, from 0
  record Group(LayerMatrix layer, int number) {
    /// Index in the weight tensor of the group's weight i, matrix order.
    int tensorIndex(int i) {
      return layer.order().index(number, i);
    }
  }
}
