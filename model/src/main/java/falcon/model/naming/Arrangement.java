package falcon.model.naming;

import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Which element of a constant each element of a state dict's tensor is: in another order of axes,
/// or in a part of the constant, or a part of the tensor.
///
/// The tensor is seen as rows, along its first axis that is longer than 1.
final class Arrangement {
  /// Greatest number of axes of which all orders are tried.
  private static final int MOST_AXES = 5;

  static final int NONE = -1;

  private final int[] rows;
  private final int rowStep;
  private final int[] sizes;
  private final int[] strides;

  /// @param rows index in the constant of the first element of each row, [#NONE] for a row that is
  ///     not in it; handed over
  /// @param rowStep distance in the constant of neighbouring rows
  /// @param sizes of the other axes; handed over
  /// @param strides distance in the constant of neighbours along the other axes; handed over
  Arrangement(int[] rows, int rowStep, int[] sizes, int[] strides) {
    this.rows = rows;
    this.rowStep = rowStep;
    this.sizes = sizes;
    this.strides = strides;
  }

  /// Returns the arrangement of a tensor of as many rows with one element each, such as the bias of
  /// these weights.
  Arrangement ofRows() {
    int[] own = Arrays.stream(rows).map(first -> first == NONE ? NONE : first / rowStep).toArray();
    return new Arrangement(own, 1, new int[0], new int[0]);
  }

  /// Returns the number of rows.
  int rows() {
    return rows.length;
  }

  /// Returns the greatest index in the constant that a row begins at.
  int greatest() {
    return Arrays.stream(rows).max().orElse(NONE);
  }

  /// Returns the number of rows that are in the constant.
  int presentRows() {
    return (int) Arrays.stream(rows).filter(row -> row != NONE).count();
  }

  /// Returns the row of the constant that the first row of the tensor is.
  int firstRow() {
    return rows[0] / rowStep;
  }

  /// Returns the index in the constant of each element of the tensor, [#NONE] where it is not in
  /// it.
  int[] sources() {
    int length = rowLength();
    var sources = new int[Math.multiplyExact(rows.length, length)];
    int[] offsets = offsets(length);
    for (int row = 0; row < rows.length; row++) {
      for (int i = 0; i < length; i++) {
        sources[row * length + i] = rows[row] == NONE ? NONE : rows[row] + offsets[i];
      }
    }
    return sources;
  }

  /// Returns whether all elements that are in the constant have its values.
  boolean fits(float[] constant, float[] tensor, Closeness closeness, double greatest) {
    int length = rowLength();
    int[] offsets = offsets(length);
    for (int row = 0; row < rows.length; row++) {
      if (rows[row] == NONE) {
        continue;
      }
      for (int i = 0; i < length; i++) {
        if (!closeness.fits(constant[rows[row] + offsets[i]], tensor[row * length + i], greatest)) {
          return false;
        }
      }
    }
    return true;
  }

  private int rowLength() {
    int length = 1;
    for (int size : sizes) {
      length *= size;
    }
    return length;
  }

  private int[] offsets(int length) {
    var offsets = new int[length];
    for (int i = 0; i < length; i++) {
      int rest = i;
      for (int axis = sizes.length - 1; axis >= 0; axis--) {
        offsets[i] += rest % sizes[axis] * strides[axis];
        rest /= sizes[axis];
      }
    }
    return offsets;
  }

  /// Returns the arrangements in which a constant can be the whole tensor: axes of length 1 added
  /// or removed, axes in another order, other shapes of the same order of elements. The plainest is
  /// first.
  static List<Arrangement> whole(List<Long> constant, List<Long> tensor) {
    if (Tensor.elements(constant) != Tensor.elements(tensor)) {
      return List.of();
    }
    int[] from = squeezed(constant);
    int[] to = squeezed(tensor);
    var found = new ArrayList<Arrangement>();
    for (int[] order : orders(from.length)) {
      if (Arrays.equals(to, moved(from, order))) {
        found.add(ordered(from, order, 0, to[0], 0));
      }
    }
    if (found.isEmpty()) {
      found.add(ordered(to, identity(to.length), 0, to[0], 0));
    }
    return found;
  }

  /// Returns the arrangements in which a constant is some neighbouring rows of a tensor, or a
  /// tensor some neighbouring rows of a constant, by its values.
  static List<Arrangement> parts(
      Tensor constant, float[] values, StateTensor tensor, Closeness closeness) {
    int[] from = squeezed(constant.shape());
    int[] to = squeezed(tensor.shape());
    var found = new ArrayList<Arrangement>();
    if (from.length != to.length) {
      return found;
    }
    double greatest = Closeness.greatest(values);
    float[] wanted = tensor.values();
    int rowLength = wanted.length / to[0];
    for (int[] order : orders(from.length)) {
      int[] shape = moved(from, order);
      if (shape[0] == to[0] || !Arrays.equals(shape, 1, shape.length, to, 1, to.length)) {
        continue;
      }
      boolean isSlice = shape[0] < to[0];
      int step = steps(from)[order[0]];
      for (int start = 0; start <= Math.abs(to[0] - shape[0]); start++) {
        float first = isSlice ? values[0] : values[start * step];
        if (closeness.fits(first, wanted[isSlice ? start * rowLength : 0], greatest)) {
          Arrangement part =
              isSlice
                  ? ordered(from, order, start, shape[0], 0, to[0])
                  : ordered(from, order, 0, to[0], start, to[0]);
          if (part.fits(values, wanted, closeness, greatest)) {
            found.add(part);
          }
        }
      }
    }
    return found;
  }

  private static Arrangement ordered(int[] from, int[] order, int first, int count, int start) {
    return ordered(from, order, first, count, start, count);
  }

  /// @param order axis of the constant that each axis of the tensor is
  /// @param first first row of the tensor that is in the constant
  /// @param count number of such rows
  /// @param start row of the constant that the first one is
  /// @param all number of the tensor's rows
  private static Arrangement ordered(
      int[] from, int[] order, int first, int count, int start, int all) {
    int[] steps = steps(from);
    var rows = new int[all];
    Arrays.fill(rows, NONE);
    for (int row = 0; row < count; row++) {
      rows[first + row] = (start + row) * steps[order[0]];
    }
    var sizes = new int[from.length - 1];
    var strides = new int[from.length - 1];
    for (int axis = 1; axis < from.length; axis++) {
      sizes[axis - 1] = from[order[axis]];
      strides[axis - 1] = steps[order[axis]];
    }
    return new Arrangement(rows, steps[order[0]], sizes, strides);
  }

  private static int[] steps(int[] sizes) {
    var steps = new int[sizes.length];
    int step = 1;
    for (int axis = sizes.length - 1; axis >= 0; axis--) {
      steps[axis] = step;
      step *= sizes[axis];
    }
    return steps;
  }

  private static int[] moved(int[] from, int[] order) {
    return Arrays.stream(order).map(axis -> from[axis]).toArray();
  }

  private static int[] identity(int length) {
    var order = new int[length];
    Arrays.setAll(order, axis -> axis);
    return order;
  }

  /// Returns the sizes of the axes that are longer than 1, one at least.
  private static int[] squeezed(List<Long> shape) {
    int[] sizes = shape.stream().filter(size -> size != 1).mapToInt(Math::toIntExact).toArray();
    return sizes.length == 0 ? new int[] {1} : sizes;
  }

  /// Returns all orders of so many axes, the unchanged one first.
  private static List<int[]> orders(int axes) {
    if (axes > MOST_AXES) {
      return List.of(identity(axes));
    }
    var orders = new ArrayList<int[]>();
    extend(new int[0], axes, orders);
    return orders;
  }

  private static void extend(int[] begun, int axes, List<int[]> orders) {
    if (begun.length == axes) {
      orders.add(begun);
      return;
    }
    for (int axis = 0; axis < axes; axis++) {
      int next = axis;
      if (Arrays.stream(begun).noneMatch(taken -> taken == next)) {
        int[] longer = Arrays.copyOf(begun, begun.length + 1);
        longer[begun.length] = axis;
        extend(longer, axes, orders);
      }
    }
  }
}
