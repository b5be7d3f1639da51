package falcon.model.stored;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which parameter belongs to which element of a tensor: one for all, one for each index of an axis
/// or of a block of indexes, or one wherever broadcasting puts it.
///
/// @param shape of the tensor
/// @param strides distance between the parameters of neighbouring indexes, by axis
/// @param blocks number of neighbouring indexes that share a parameter, by axis
record Spread(List<Long> shape, List<Integer> strides, List<Integer> blocks) {
  Spread {
    shape = List.copyOf(shape);
    strides = List.copyOf(strides);
    blocks = List.copyOf(blocks);
  }

  /// Returns the spread of parameters that are broadcast over a tensor.
  ///
  /// @return null if they do not fit, or would stretch the tensor
  static @Nullable Spread broadcast(List<Long> shape, List<Long> parameters) {
    if (parameters.size() > shape.size()) {
      return null;
    }
    var strides = new Integer[shape.size()];
    int stride = 1;
    for (int back = 1; back <= shape.size(); back++) {
      int axis = shape.size() - back;
      long size = back > parameters.size() ? 1 : parameters.get(parameters.size() - back);
      if (size != 1 && size != shape.get(axis)) {
        return null;
      }
      strides[axis] = size == 1 ? 0 : stride;
      stride *= Math.toIntExact(size);
    }
    return new Spread(shape, List.of(strides), ones(shape));
  }

  /// Returns the spread of one parameter for all.
  static Spread single(List<Long> shape) {
    return new Spread(shape, shape.stream().map(_ -> 0).toList(), ones(shape));
  }

  /// Returns the spread of one parameter for each index of an axis.
  ///
  /// @return null if their number is another
  static @Nullable Spread along(List<Long> shape, int axis, int parameters) {
    if (shape.get(axis) != parameters) {
      return null;
    }
    var strides = new Integer[shape.size()];
    for (int i = 0; i < strides.length; i++) {
      strides[i] = i == axis ? 1 : 0;
    }
    return new Spread(shape, List.of(strides), ones(shape));
  }

  /// Returns the spread of parameters that some neighbouring indexes of one axis share.
  ///
  /// @return null if the shapes do not fit
  static @Nullable Spread blocked(List<Long> shape, List<Long> parameters, int axis, int block) {
    if (parameters.size() != shape.size()) {
      return null;
    }
    var strides = new Integer[shape.size()];
    var blocks = new Integer[shape.size()];
    int stride = 1;
    for (int i = shape.size() - 1; i >= 0; i--) {
      blocks[i] = i == axis ? block : 1;
      if (Math.ceilDiv(shape.get(i), (long) blocks[i]) != parameters.get(i)) {
        return null;
      }
      strides[i] = stride;
      stride *= Math.toIntExact(parameters.get(i));
    }
    return new Spread(shape, List.of(strides), List.of(blocks));
  }

  private static List<Integer> ones(List<Long> shape) {
    return shape.stream().map(_ -> 1).toList();
  }

  /// Returns the number of the parameter of each element, row-major.
  int[] places() {
    int size = new Form(falcon.model.DataType.FLOAT32, shape).size();
    var places = new int[size];
    int axes = shape.size();
    if (axes == 0 || strides.stream().allMatch(stride -> stride == 0)) {
      return places;
    }
    var index = new int[axes];
    for (int i = 0; i < size; i++) {
      int place = 0;
      for (int axis = 0; axis < axes; axis++) {
        place += index[axis] / blocks.get(axis) * strides.get(axis);
      }
      places[i] = place;
      for (int axis = axes - 1; axis >= 0 && ++index[axis] == shape.get(axis); axis--) {
        index[axis] = 0;
      }
    }
    return places;
  }
}
