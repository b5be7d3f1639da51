package falcon.torch.curvature;

import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.layer.WeightOrder;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// A layer's curvature by its inputs themselves, row by row: `4nk` bytes per group, and `W X ᵀ X`
/// in two products of n · k · o each, which is less than one with H where `2n < k`.
final class RowCurvature implements LayerCurvature {
  private final Tensor rows;
  private final Tensor images;
  private final Tensor inverseDiagonal;
  private final float[] inputUnits;

  private RowCurvature(Tensor rows, Tensor images, Tensor inverseDiagonal, float[] inputUnits) {
    this.rows = rows;
    this.images = images;
    this.inverseDiagonal = inverseDiagonal;
    this.inputUnits = inputUnits;
  }

  /// @param inputs `[g, n, k]`, float32; read only
  /// @param weights W̄, the tensor's elements
  /// @param ridge κ
  static RowCurvature of(WeightOrder order, Tensor inputs, float[] weights, double ridge) {
    var units = new float[order.groups() * order.rowLength()];
    try (var _ = new PointerScope()) {
      var rows = new ArrayList<Tensor>();
      var images = new ArrayList<Tensor>();
      int k = order.rowLength();
      for (int group = 0; group < order.groups(); group++) {
        Tensor x = inputs.select(0, group);
        double[] own =
            Torch.doubles(
                x.to(torch.ScalarType.Double)
                    .square()
                    .sum(new long[] {0}, false, new ScalarTypeOptional()));
        InputUnits ofInputs = InputUnits.of(own, order.matrix(weights, group));
        System.arraycopy(ofInputs.values(), 0, units, group * k, k);
        Tensor d = Torch.scoped(ofInputs.values(), List.of((long) k), Precision.FLOAT32);
        Tensor scaled = x.mul(new Scalar(Math.sqrt(ofInputs.scale()))).div_(d);
        rows.add(scaled);
        float[] matrix = order.matrix(weights, group);
        ofInputs.apply(matrix);
        images.add(images(order, matrix, scaled));
      }
      Tensor all = joined(rows);
      Tensor diagonal =
          all.mul(all)
              .sum(new long[] {-2}, true, new ScalarTypeOptional())
              .add_(new Scalar(ridge))
              .reciprocal_();
      return new RowCurvature(
          Torch.keep(all), Torch.keep(joined(images)), Torch.keep(diagonal), units);
    }
  }

  /// @return W̄ Xᵀ `[o, n]`
  private static Tensor images(WeightOrder order, float[] matrix, Tensor rows) {
    List<Long> shape = List.of((long) order.outputs(), (long) order.rowLength());
    return Torch.scoped(matrix, shape, Precision.FLOAT32).mm(rows.t());
  }

  private static Tensor joined(List<Tensor> groups) {
    return groups.size() == 1
        ? groups.getFirst()
        : torch.stack(new TensorVector(groups.toArray(Tensor[]::new)), 0);
  }

  private static Tensor product(Tensor a, Tensor b) {
    return a.dim() == 2 ? a.mm(b) : a.bmm(b);
  }

  @Override
  public Tensor times(Tensor weights) {
    return product(product(weights, rows.transpose(-2, -1)), rows);
  }

  @Override
  public Tensor slope(Tensor weights, int firstOutput) {
    Tensor wanted = images.narrow(-2, firstOutput, weights.size(-2));
    return product(wanted.sub(product(weights, rows.transpose(-2, -1))), rows);
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
    return Float.BYTES * (rows.numel() + images.numel() + inverseDiagonal.numel());
  }

  @Override
  public void close() {
    rows.releaseReference();
    images.releaseReference();
    inverseDiagonal.releaseReference();
  }
}
