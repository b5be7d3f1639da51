package falcon.model;

import java.util.ArrayList;
import java.util.List;

/// Shapes of operators that take or make indices.
final class IndexShapes {
  private IndexShapes() {}

  /// `TopK`: k elements along an axis.
  static List<Long> largest(Operands operands) {
    var shape = new ArrayList<>(operands.shape(0));
    int axis = operands.axis(operands.node().integer("axis", -1), shape.size());
    long count =
        operands.has(1) ? operands.content(1).getFirst() : operands.node().integer("k", -1);
    if (count < 0 || count > shape.get(axis)) {
      throw operands.mismatch("it takes %d elements".formatted(count));
    }
    shape.set(axis, count);
    return shape;
  }

  /// `OneHot`: one more axis.
  static List<Long> oneHot(Operands operands) {
    var shape = new ArrayList<>(operands.shape(0));
    int axis = operands.axis(operands.node().integer("axis", -1), shape.size() + 1L);
    long depth = operands.numbers(1).getFirst().longValue();
    if (depth < 1) {
      throw operands.mismatch("it counts %d classes".formatted(depth));
    }
    shape.add(axis, depth);
    return shape;
  }

  /// `GatherND`: blocks of the axes that the indices name.
  static List<Long> gatherBlocks(Operands operands) {
    List<Long> shape = operands.shape(0);
    List<Long> indices = operands.shape(1);
    long from =
        operands.node().integer("batch_dims", 0) + (indices.isEmpty() ? 0 : indices.getLast());
    if (indices.isEmpty() || from > shape.size()) {
      throw operands.mismatch("the indices name too many axes");
    }
    var result = new ArrayList<>(indices.subList(0, indices.size() - 1));
    result.addAll(shape.subList((int) from, shape.size()));
    return result;
  }
}
