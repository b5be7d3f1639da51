package falcon.runtime.operator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The rows of a broadcast: loops over a result and its operands at once, with axes joined wherever
/// all of them run through them alike.
///
/// The last axis is the row; outer axes are counted by [#offset].
final class Broadcast {
  private final int[] sizes;
  private final int[][] strides;
  private final int row;
  private final int rows;

  /// @param shape shape of the result
  /// @param operands shapes of the operands, that broadcast to it
  Broadcast(int[] shape, List<int[]> operands) {
    var all = new ArrayList<int[]>(); // size of an axis, then the stride of each operand
    int[] steps = new int[operands.size()];
    Arrays.fill(steps, 1);
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      var entry = new int[1 + operands.size()];
      entry[0] = shape[axis];
      for (int i = 0; i < operands.size(); i++) {
        int own = axis - shape.length + operands.get(i).length;
        int size = own < 0 ? 1 : operands.get(i)[own];
        entry[1 + i] = size == 1 ? 0 : steps[i];
        steps[i] *= size;
      }
      if (shape[axis] != 1) {
        join(all, entry);
      }
    }
    if (all.isEmpty()) {
      all.add(new int[1 + operands.size()]);
      all.getFirst()[0] = 1;
    }
    int axes = all.size() - 1;
    row = all.getFirst()[0];
    sizes = new int[axes];
    strides = new int[operands.size()][axes + 1];
    int count = 1;
    for (int i = 0; i < axes; i++) {
      sizes[i] = all.get(axes - i)[0];
      count *= sizes[i];
    }
    for (int i = 0; i < operands.size(); i++) {
      for (int axis = 0; axis <= axes; axis++) {
        strides[i][axis] = all.get(axes - axis)[1 + i];
      }
    }
    rows = count;
  }

  private static void join(List<int[]> all, int[] entry) {
    if (!all.isEmpty()) {
      int[] inner = all.getLast();
      boolean isAlike = true;
      for (int i = 1; i < entry.length; i++) {
        isAlike &= entry[i] == inner[i] * inner[0];
      }
      if (isAlike) {
        inner[0] *= entry[0];
        return;
      }
    }
    all.add(entry);
  }

  /// Returns the number of elements of a row.
  int row() {
    return row;
  }

  /// Returns the number of rows.
  int rows() {
    return rows;
  }

  /// Returns the step of an operand along a row: 0 or 1 for the last axis of most operands.
  int step(int operand) {
    return strides[operand][sizes.length];
  }

  /// Returns the index of an operand's first element in a row.
  int offset(int operand, int index) {
    int offset = 0;
    int rest = index;
    for (int axis = sizes.length - 1; axis >= 0; axis--) {
      offset += rest % sizes[axis] * strides[operand][axis];
      rest /= sizes[axis];
    }
    return offset;
  }
}
