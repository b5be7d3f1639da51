package falcon.torch.layer;

import falcon.model.layer.WeightUse;
import falcon.model.operator.EinsumWeights;
import falcon.torch.UnsupportedNetworkException;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;

/// An `Einsum` of an input and weights.
///
/// @param order order of the weights
/// @param letters what the axes are
record EinsumGeometry(WeightOrder order, EinsumWeights letters) implements LayerGeometry {
  /// An axis that no constant is along.
  private static final int NO_AXIS = -1000;

  /// @param shape shape of the weight tensor
  static EinsumGeometry of(WeightUse use, List<Long> shape) {
    EinsumWeights letters = EinsumWeights.of(use.node(), use.operand());
    if (letters == null || use.isTransposed()) {
      throw UnsupportedNetworkException.of(
          use.node(), "the axes of its weights are in an order that is not known here");
    }
    int groupAxes = letters.groups().length();
    int firstAxes = letters.hasTermsFirst() ? letters.terms().length() : letters.outputs().length();
    int groups = size(shape.subList(0, groupAxes));
    int first = size(shape.subList(groupAxes, groupAxes + firstAxes));
    int second = size(shape.subList(groupAxes + firstAxes, shape.size()));
    WeightOrder order =
        letters.hasTermsFirst()
            ? WeightOrder.ofMatrices(groups, second, first, true)
            : WeightOrder.ofMatrices(groups, first, second, false);
    return new EinsumGeometry(order, letters);
  }

  private static int size(List<Long> shape) {
    return Math.toIntExact(falcon.model.Tensor.elements(shape));
  }

  @Override
  public Grid grid(Tensor input, long samples, int positionsPerSample, int chunk) {
    long rows = input.numel() / (order.channels() * (long) order.groups());
    return Grid.of(List.of(Math.max(1, rows)), samples * positionsPerSample, chunk);
  }

  @Override
  public Tensor rows(Tensor input, Grid grid) {
    return matrices(input, letters.input(), letters.terms(), order.channels(), grid);
  }

  @Override
  public Tensor outputs(Tensor output, Grid grid) {
    return matrices(output, letters.output(), letters.outputs(), order.outputs(), grid);
  }

  /// @param present letters of the value's axes
  /// @param last letters of the axes that are the features
  /// @return `[g, n, features]`
  private Tensor matrices(Tensor value, String present, String last, long features, Grid grid) {
    int hidden = Math.toIntExact(value.dim()) - (present.length() - 1);
    var axes = new ArrayList<Long>();
    for (int letter : (letters.groups() + letters.free() + last).chars().toArray()) {
      int place = present.indexOf(letter);
      int ellipsis = present.indexOf('.');
      int shift = ellipsis >= 0 && place > ellipsis ? hidden - 1 : 0;
      for (int i = 0; i < (letter == '.' ? hidden : 1); i++) {
        axes.add((long) place + shift + i);
      }
    }
    Tensor arranged = value.permute(axes.stream().mapToLong(Long::longValue).toArray());
    Tensor rows = arranged.reshape(order.groups(), -1, features);
    return grid.isAll()
        ? rows
        : rows.slice(
            1, new LongOptional(grid.offset(0)), new LongOptional(rows.size(1)), grid.step());
  }

  @Override
  public int inputAxis() {
    String input = letters.input();
    int place = input.indexOf(letters.terms().charAt(letters.terms().length() - 1));
    return input.indexOf('.', place) < 0 ? place - input.length() : -1;
  }

  @Override
  public int outputAxis() {
    boolean isLast = letters.groups().isEmpty() && letters.output().endsWith(letters.outputs());
    return isLast && letters.outputs().length() == 1 ? -1 : NO_AXIS;
  }
}
