package falcon.torch.layer;

import falcon.model.layer.WeightUse;
import falcon.torch.UnsupportedNetworkException;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// The lookup of rows of a table `[entries, features…]` by number. Nothing is multiplied: there are
/// gradients, but no least squares.
///
/// @param order order of the table: one group per entry, with one input that is 1 where the entry
///     is looked up
public record EmbeddingGeometry(WeightOrder order) implements LayerGeometry {
  /// @param shape shape of the table
  static EmbeddingGeometry of(WeightUse use, List<Long> shape) {
    if (use.node().integer("axis", 0) != 0 || use.isTransposed() || shape.size() < 2) {
      throw UnsupportedNetworkException.of(use.node(), "it does not take rows of a table");
    }
    long features = falcon.model.Tensor.elements(shape.subList(1, shape.size()));
    return new EmbeddingGeometry(
        WeightOrder.ofMatrices(
            Math.toIntExact(shape.getFirst()), Math.toIntExact(features), 1, false));
  }

  @Override
  public Grid grid(Tensor input, long samples, int positionsPerSample, int chunk) {
    return Grid.ALL;
  }

  /// Refuses to make rows, since a lookup multiplies nothing.
  ///
  /// @throws UnsupportedOperationException always
  @Override
  public Tensor rows(Tensor input, Grid grid) {
    throw new UnsupportedOperationException("a table has no rows of inputs");
  }

  /// Returns the outputs as rows.
  ///
  /// @return `[1, n, features]`
  @Override
  public Tensor outputs(Tensor output, Grid grid) {
    return output.reshape(1, -1, order.outputs());
  }

  /// Adds each row's gradient to the entry that it was looked up from, sample by sample.
  @Override
  public Tensor gradients(Tensor input, Tensor outputGradient, SampleRows samples) {
    long entries = order.groups();
    long b = samples.samples();
    Tensor gradient = outputs(outputGradient, Grid.ALL).squeeze(0); // [n, features]
    Tensor numbers = input.to(torch.ScalarType.Long).reshape(-1).remainder(new Scalar(entries));
    Tensor sample =
        torch
            .arange(new Scalar(numbers.numel()), new TensorOptions(torch.ScalarType.Long))
            .floor_divide(new Scalar(samples.inner()))
            .remainder(new Scalar(b));
    Tensor target = sample.mul(new Scalar(entries)).add(numbers);
    return torch
        .zeros(new long[] {b * entries, order.outputs()}, gradient.options())
        .index_add(0, target, gradient)
        .reshape(b, -1);
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
