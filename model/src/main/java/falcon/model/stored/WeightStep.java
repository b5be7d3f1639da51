package falcon.model.stored;

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

  /// Elements in another order, in another shape, or both.
  ///
  /// @param from shape of what the node gets
  /// @param order axis of the input that each axis of the output is; null if the order of elements
  ///     stays
  record Arranged(Form form, List<Long> from, @Nullable List<Integer> order) implements WeightStep {
    /// Returns whether nothing or only the two axes of a matrix change.
    boolean isPlain() {
      return order == null ? from.equals(form.shape()) : from.size() == 2;
    }

    @Override
    public float[] forward(float[] values) {
      if (order == null) {
        return values;
      }
      int[] sources = sources(order);
      var arranged = new float[values.length];
      for (int i = 0; i < arranged.length; i++) {
        arranged[i] = values[sources[i]];
      }
      return arranged;
    }

    @Override
    public float[] backward(float[] values) {
      if (order == null) {
        return values;
      }
      int[] sources = sources(order);
      var arranged = new float[values.length];
      for (int i = 0; i < arranged.length; i++) {
        arranged[sources[i]] = values[i];
      }
      return arranged;
    }

    @Override
    public float[] marked(float[] marks) {
      return forward(marks);
    }

    /// Returns the index in the output's source of each element, moved with the others.
    int[] moved(int[] indexes) {
      if (order == null) {
        return indexes;
      }
      int[] sources = sources(order);
      var moved = new int[indexes.length];
      for (int i = 0; i < moved.length; i++) {
        moved[i] = indexes[sources[i]];
      }
      return moved;
    }

    private int[] sources(List<Integer> axes) {
      var strides = new Integer[from.size()];
      int stride = 1;
      for (int axis = from.size() - 1; axis >= 0; axis--) {
        strides[axis] = stride;
        stride *= Math.toIntExact(from.get(axis));
      }
      List<Integer> moved = axes.stream().map(axis -> strides[axis]).toList();
      return new Spread(form.shape(), moved, axes.stream().map(_ -> 1).toList()).places();
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
