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

  private ProductCurvature(Tensor gram, Tensor wanted, Tensor inverseDiagonal) {
    this.gram = gram;
    this.wanted = wanted;
    this.inverseDiagonal = inverseDiagonal;
  }

  /// @param gram Σ x xᵀ `[g, k, k]`, float64; read only
  /// @param weights W̄, the tensor's elements
  /// @param ridge κ, as a share of the mean diagonal
  static ProductCurvature of(WeightOrder order, Tensor gram, float[] weights, double ridge) {
    try (var _ = new PointerScope()) {
      var grams = new ArrayList<Tensor>();
      var wanted = new ArrayList<Tensor>();
      var diagonals = new float[order.groups() * order.rowLength()];
      for (int group = 0; group < order.groups(); group++) {
        Tensor h = gram.select(0, group);
        double scale = addDiagonal(h, ridge, diagonals, group);
        grams.add(narrow(h, scale));
        wanted.add(wanted(order, h, order.matrix(weights, group), scale));
      }
      Tensor diagonal =
          Torch.scoped(
              diagonals,
              List.of((long) order.groups(), 1L, (long) order.rowLength()),
              Precision.FLOAT32);
      return new ProductCurvature(
          Torch.keep(joined(grams)), Torch.keep(joined(wanted)), Torch.keep(joined(diagonal)));
    }
  }

  /// Writes a group's 1 / (diag H + κ), float32.
  ///
  /// @return s, 1 where H is zero
  private static double addDiagonal(Tensor h, double ridge, float[] inverse, int group) {
    double[] diagonal = Torch.doubles(h.diagonal());
    double trace = 0;
    for (double value : diagonal) {
      trace += value;
    }
    double scale = trace > 0 ? diagonal.length / trace : 1;
    for (int i = 0; i < diagonal.length; i++) {
      inverse[group * diagonal.length + i] = (float) (1 / (diagonal[i] * scale + ridge));
    }
    return scale;
  }

  /// @return W̄ H `[o, k]`, float32
  private static Tensor wanted(WeightOrder order, Tensor h, float[] matrix, double scale) {
    try (var _ = new PointerScope()) {
      List<Long> shape = List.of((long) order.outputs(), (long) order.rowLength());
      Tensor weights = Torch.scoped(matrix, shape, Precision.FLOAT64);
      Tensor wide = h.to(torch.ScalarType.Double); // The products of one chunk alone are float32.
      Tensor products = wide.mm(weights.t()).mul(new Scalar(scale)).to(torch.ScalarType.Float);
      return Torch.keep(products.t().contiguous());
    }
  }

  private static Tensor narrow(Tensor values, double scale) {
    try (var _ = new PointerScope()) {
      return Torch.keep(values.mul(new Scalar(scale)).to(torch.ScalarType.Float));
    }
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
  public void close() {
    gram.releaseReference();
    wanted.releaseReference();
    inverseDiagonal.releaseReference();
  }
}
