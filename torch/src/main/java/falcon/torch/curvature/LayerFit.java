package falcon.torch.curvature;

import falcon.torch.layer.LayerMatrix;

/// The inputs and wanted outputs of a layer over samples and positions: its least squares, one
/// problem per group.
public sealed interface LayerFit extends AutoCloseable permits InputProducts, InputRows {
  /// Returns the mean of input i.
  double inputMean(int group, int i);

  /// Returns the mean of wanted output c.
  double outputMean(int group, int c);

  /// Solves the least-squares problem of one group.
  ///
  /// @param isCentred whether the means of inputs and outputs are subtracted
  /// @param present weights of the group `[o, k]`, matrix order
  /// @return new weights `[o, k]`, matrix order
  float[] solve(LeastSquaresSolver solver, Group group, boolean isCentred, float[] present);

  @Override
  void close();

  /// A group of a layer.
  ///
  /// @param layer the layer
  /// @param number number of the group, from 0
  record Group(LayerMatrix layer, int number) {
    /// Returns the index in the weight tensor of the group's weight i in matrix order.
    int tensorIndex(int i) {
      return layer.order().index(number, i);
    }
  }
}
