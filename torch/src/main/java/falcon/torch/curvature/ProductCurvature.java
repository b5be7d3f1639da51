package falcon.torch.curvature;

import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.layer.WeightOrder;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// A layer's curvature by the products of its inputs, `4k²` bytes per group.
final class ProductCurvature implements LayerCurvature {
  private final Tensor gram;
  private final Tensor wanted;
  private final Tensor inverseDiagonal;
  private final float[] inputUnits;

  private ProductCurvature(Tensor gram, Tensor wanted, Tensor inverseDiagonal, float[] inputUnits) {
    this.gram = gram;
    this.wanted = wanted;
    this.inverseDiagonal = inverseDiagonal;
    this.inputUnits = inputUnits;
  }

  /// @param gram Σ x xᵀ `[g, k, k]`, float64; read only
  /// @param weights W̄, the tensor's elements
  /// @param ridge κ
  static ProductCurvature of(WeightOrder order, Tensor gram, float[] weights, double ridge) {
    var units = new float[order.groups() * order.rowLength()];
    try (var _ = new PointerScope()) {
      var grams = new ArrayList<Tensor>();
      var wanted = new ArrayList<Tensor>();
      var diagonals = new float[order.groups() * order.rowLength()];
      int k = order.rowLength();
      for (int group = 0; group < order.groups(); group++) {
        Tensor h = gram.select(0, group);
        double[] own = Torch.doubles(h.diagonal());
        InputUnits ofInputs = InputUnits.of(own, order.matrix(weights, group));
        double scale = ofInputs.scale();
        System.arraycopy(ofInputs.values(), 0, units, group * k, k);
        var inverse = new float[k];
        for (int i = 0; i < k; i++) {
          inverse[i] = 1 / ofInputs.values()[i];
          diagonals[group * k + i] =
              (float) (1 / (own[i] * scale * inverse[i] * (double) inverse[i] + ridge));
        }
        try (var _ = new PointerScope()) { // Temporary matrices of one group at a time.
          Tensor d = Torch.scoped(inverse, List.of((long) k), Precision.FLOAT64);
          Tensor correlations =
              h.to(torch.ScalarType.Double).mul(new Scalar(scale)).mul_(d).mul_(d.unsqueeze(1));
          grams.add(Torch.keep(correlations.to(torch.ScalarType.Float)));
          wanted.add(wanted(order, correlations, order.matrix(weights, group), d));
        }
      }
      Tensor diagonal =
          Torch.scoped(
              diagonals,
              List.of((long) order.groups(), 1L, (long) order.rowLength()),
              Precision.FLOAT32);
      return new ProductCurvature(
          Torch.keep(joined(grams)),
          Torch.keep(joined(wanted)),
          Torch.keep(joined(diagonal)),
          units);
    }
  }

  /// @return W̄ H `[o, k]` in the inputs' units, float32
  private static Tensor wanted(
      WeightOrder order, Tensor correlations, float[] matrix, Tensor inverse) {
    List<Long> shape = List.of((long) order.outputs(), (long) order.rowLength());
    Tensor weights = Torch.scoped(matrix, shape, Precision.FLOAT64).div_(inverse);
    return Torch.keep(weights.mm(correlations).to(torch.ScalarType.Float).contiguous());
  }

  /// Joins the groups' matrices, which are handed over, to one tensor; returns the matrix itself
  /// where there is only one.
  private static Tensor joined(List<Tensor> matrices) {
    matrices.forEach(Torch::giveToScope);
    return matrices.size() == 1
        ? matrices.getFirst()
        : torch.stack(new TensorVector(matrices.toArray(Tensor[]::new)), 0);
  }

  private static Tensor joined(Tensor groups) {
    return groups.size(0) == 1 ? groups.squeeze(0) : groups;
  }

  @Override
  public Tensor times(Tensor weights) {
    return gram.dim() == 2 ? weights.mm(gram) : weights.bmm(gram);
  }

  @Override
  public Tensor slope(Tensor weights, int firstOutput) {
    return wanted.narrow(-2, firstOutput, weights.size(-2)).sub(times(weights));
  }

  @Override
  public Tensor inverseDiagonal() {
    return inverseDiagonal;
  }

  @Override
  public float[] inputUnits() {
    return inputUnits;
  }

  @Override
  public long bytes() {
    return Float.BYTES * (gram.numel() + wanted.numel() + inverseDiagonal.numel());
  }

  @Override
  public void close() {
    gram.releaseReference();
    wanted.releaseReference();
    inverseDiagonal.releaseReference();
  }
}
