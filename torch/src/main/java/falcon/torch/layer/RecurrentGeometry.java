package falcon.torch.layer;

import falcon.model.Node;
import falcon.torch.operator.Recurrent;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;

/// The products of a recurrent node's states: values `[b, steps, groups · features]`, one product
/// per group.
///
/// @param order order of the weights
record RecurrentGeometry(WeightOrder order) implements LayerGeometry {
  /// @param shape shape of the recurrent weights: `[directions, gates · hidden, hidden]`
  static RecurrentGeometry of(Node node, List<Long> shape) {
    int groups = Recurrent.groups(node);
    long outputs = shape.get(0) * shape.get(1) / groups;
    return new RecurrentGeometry(
        WeightOrder.ofMatrices(
            groups, Math.toIntExact(outputs), Math.toIntExact(shape.get(2)), false));
  }

  @Override
  public Grid grid(Tensor input, long samples, int positionsPerSample, int chunk) {
    return Grid.of(
        List.of(Math.max(1, input.size(0) * input.size(1))), samples * positionsPerSample, chunk);
  }

  @Override
  public Tensor rows(Tensor input, Grid grid) {
    return grouped(input, order.rowLength(), grid);
  }

  @Override
  public Tensor outputs(Tensor output, Grid grid) {
    return grouped(output, order.outputs(), grid);
  }

  private Tensor grouped(Tensor value, long features, Grid grid) {
    Tensor rows = value.reshape(-1, order.groups(), features);
    if (!grid.isAll()) {
      rows =
          rows.slice(
              0, new LongOptional(grid.offset(0)), new LongOptional(rows.size(0)), grid.step());
    }
    return rows.transpose(0, 1);
  }

  @Override
  public int inputAxis() {
    return -1;
  }

  @Override
  public int outputAxis() {
    return -1;
  }
}
