package falcon.model.stored;

import falcon.model.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What one node does to weights on their way from a file's constant to a product, and how to undo
/// it.
sealed interface WeightStep {
  /// Returns type and shape of what the node makes.
  Form form();

  /// Computes what the node makes.
  ///
  /// @param values row-major; may be overwritten
  float[] forward(float[] values);

  /// Computes what the node has to get so that it makes these values, or the nearest to them that
  /// it can make; zero for zero.
  ///
  /// @param values row-major; may be overwritten
  float[] backward(float[] values);

  /// Returns the same as [#forward] for marks, which move with the elements: a mark becomes 0 where
  /// the node makes zero of anything.
  default float[] marked(float[] marks) {
    return marks;
  }

  /// A step that moves elements, or leaves some of them out, and computes nothing.
  sealed interface Moved extends WeightStep {
    /// Returns the index in the input of each element of the output.
    ///
    /// @return null if the order stays, without gaps
    int @Nullable [] sources();

    /// Returns the number of elements of the input.
    int sizeBefore();

    @Override
    default float[] forward(float[] values) {
      int[] sources = sources();
      if (sources == null) {
        return values;
      }
      var moved = new float[sources.length];
      for (int i = 0; i < moved.length; i++) {
        moved[i] = values[sources[i]];
      }
      return moved;
    }

    /// {@inheritDoc} Elements that the node leaves out are 0.
    @Override
    default float[] backward(float[] values) {
      int[] sources = sources();
      if (sources == null) {
        return values;
      }
      var before = new float[sizeBefore()];
      for (int i = 0; i < sources.length; i++) {
        before[sources[i]] = values[i];
      }
      return before;
    }

    /// Returns numbers of elements of the output as those of the input; 0 where the node leaves an
    /// element out.
    default int[] back(int[] numbers) {
      int[] sources = sources();
      if (sources == null) {
        return numbers;
      }
      var before = new int[sizeBefore()];
      for (int i = 0; i < sources.length; i++) {
        before[sources[i]] = numbers[i];
      }
      return before;
    }

    @Override
    default float[] marked(float[] marks) {
      return forward(marks);
    }
  }

  /// Elements in another order, in another shape, or both.
  ///
  /// @param from shape of what the node gets
  /// @param order axis of the input that each axis of the output is; null if the order of elements
  ///     stays
  record Arranged(Form form, List<Long> from, @Nullable List<Integer> order) implements Moved {
    /// Returns whether nothing or only the two axes of a matrix change.
    boolean isPlain() {
      return order == null ? from.equals(form.shape()) : from.size() == 2;
    }

    @Override
    public int sizeBefore() {
      return form.size();
    }

    @Override
    public int @Nullable [] sources() {
      if (order == null) {
        return null;
      }
      var strides = new Integer[from.size()];
      int stride = 1;
      for (int axis = from.size() - 1; axis >= 0; axis--) {
        strides[axis] = stride;
        stride *= Math.toIntExact(from.get(axis));
      }
      List<Integer> moved = order.stream().map(axis -> strides[axis]).toList();
      return new Spread(form.shape(), moved, order.stream().map(_ -> 1).toList()).places();
    }
  }

  /// Some indexes of each axis, in any order: `Slice`, `Split`, `Gather` with constant indices.
  ///
  /// @param from shape of what the node gets
  /// @param indexes by axis of the input, those that the output has; null for all
  record Selected(Form form, List<Long> from, List<@Nullable List<Integer>> indexes)
      implements Moved {
    @Override
    public int sizeBefore() {
      return Math.toIntExact(Tensor.elements(from));
    }

    @Override
    public int[] sources() {
      int[] sources = {0};
      for (int axis = 0; axis < from.size(); axis++) {
        int size = Math.toIntExact(from.get(axis));
        List<Integer> chosen = indexes.get(axis);
        int count = chosen == null ? size : chosen.size();
        var longer = new int[Math.multiplyExact(sources.length, count)];
        for (int i = 0; i < longer.length; i++) {
          int index = i % count;
          longer[i] = sources[i / count] * size + (chosen == null ? index : chosen.get(index));
        }
        sources = longer;
      }
      return sources;
    }
  }

  /// `Cast` to a floating-point type.
  record Rounded(Form form) implements WeightStep {
    @Override
    public float[] forward(float[] values) {
      return form.rounded(values);
    }

    @Override
    public float[] backward(float[] values) {
      return values;
    }
  }

  /// A product with constant factors: a mask, a scale, the norms of weights.
  ///
  record Scaled(Form form, Factors factors) implements WeightStep {
    @Override
    public float[] forward(float[] values) {
      return form.rounded(factors.multiply(values));
    }

    @Override
    public float[] backward(float[] values) {
      return factors.divide(values);
    }

    @Override
    public float[] marked(float[] marks) {
      return factors.mark(marks);
    }
  }

  /// `QuantizeLinear`: the numbers of the steps of a grid.
  record Quantized(Form form, QuantizationGrid grid) implements WeightStep {
    @Override
    public float[] forward(float[] values) {
      return grid.quantized(values);
    }

    @Override
    public float[] backward(float[] values) {
      return grid.dequantized(values);
    }
  }

  /// `DequantizeLinear`: the values of the steps of a grid.
  record Dequantized(Form form, QuantizationGrid grid) implements WeightStep {
    @Override
    public float[] forward(float[] values) {
      return form.rounded(grid.dequantized(values));
    }

    @Override
    public float[] backward(float[] values) {
      return grid.quantized(values);
    }

    @Override
    public float[] marked(float[] marks) {
      return grid.marked(marks);
    }
  }
}
