package falcon.model.operator;

import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Shape inference of operators that read or compute indices.
final class IndexShapes {
  private IndexShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put("TopK", OperatorRule.ofShapes(2, IndexShapes::largest));
    all.put("OneHot", OperatorRule.ofShape(IndexShapes::oneHot));
    all.put("GatherElements", OperatorRule.ofShape(IndexShapes::gatherElements));
    all.put("GatherND", OperatorRule.ofShape(IndexShapes::gatherBlocks));
    all.put("Scatter", OperatorRule.ofShape(IndexShapes::scattered));
    all.put("ScatterElements", OperatorRule.ofShape(IndexShapes::scattered));
    all.put("ScatterND", OperatorRule.ofShape(IndexShapes::scatteredBlocks));
    all.put("Compress", OperatorRule.ofValue(IndexShapes::compress));
    all.put("NonZero", OperatorRule.ofValue(IndexShapes::nonZero));
  }

  /// Infers the outputs of `TopK`: k elements along an axis.
  private static List<Long> largest(Operands operands) {
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

  /// Infers the output of `OneHot`: it has one more axis.
  private static List<Long> oneHot(Operands operands) {
    var shape = new ArrayList<>(operands.shape(0));
    int axis = operands.axis(operands.node().integer("axis", -1), shape.size() + 1L);
    long depth = operands.numbers(1).getFirst().longValue();
    if (depth < 1) {
      throw operands.mismatch("it counts %d classes".formatted(depth));
    }
    shape.add(axis, depth);
    return shape;
  }

  /// Infers the output of `GatherElements`: it has the shape of the indices, which is no larger
  /// than the data along any other axis.
  private static List<Long> gatherElements(Operands operands) {
    requireWithin(operands, operands.shape(1));
    return operands.shape(1);
  }

  /// Infers the output of `ScatterElements`, which needs one update per index.
  private static List<Long> scattered(Operands operands) {
    requireWithin(operands, operands.shape(1));
    if (!operands.shape(1).equals(operands.shape(2))) {
      throw operands.mismatch("indices and updates differ in shape");
    }
    return operands.shape(0);
  }

  private static void requireWithin(Operands operands, List<Long> indices) {
    List<Long> shape = operands.shape(0);
    int axis = operands.axis(operands.node().integer("axis", 0), shape.size());
    boolean fits = indices.size() == shape.size();
    for (int i = 0; fits && i < shape.size(); i++) {
      fits = i == axis || indices.get(i) <= shape.get(i);
    }
    if (!fits) {
      throw operands.mismatch("the indices do not fit the data");
    }
  }

  /// Infers the output of `ScatterND`, which needs one block per index.
  private static List<Long> scatteredBlocks(Operands operands) {
    List<Long> shape = operands.shape(0);
    List<Long> indices = operands.shape(1);
    if (indices.isEmpty() || indices.getLast() > shape.size()) {
      throw operands.mismatch("the indices name too many axes");
    }
    var updates = new ArrayList<>(indices.subList(0, indices.size() - 1));
    updates.addAll(shape.subList(indices.getLast().intValue(), shape.size()));
    if (!updates.equals(operands.shape(2))) {
      throw operands.mismatch("the updates need the shape %s".formatted(updates));
    }
    return shape;
  }

  /// Infers the output of `GatherND`: blocks of the axes that the indices do not address.
  private static List<Long> gatherBlocks(Operands operands) {
    List<Long> shape = operands.shape(0);
    List<Long> indices = operands.shape(1);
    long from =
        operands.node().integer("batch_dims", 0) + (indices.isEmpty() ? 0 : indices.getLast());
    long batch = operands.node().integer("batch_dims", 0);
    if (indices.isEmpty()
        || from > shape.size()
        || batch < 0
        || indices.getLast() < 1
        || batch > indices.size() - 1
        || !indices.subList(0, (int) batch).equals(shape.subList(0, (int) batch))) {
      throw operands.mismatch("the indices name too many axes");
    }
    var result = new ArrayList<>(indices.subList(0, indices.size() - 1));
    result.addAll(shape.subList((int) from, shape.size()));
    return result;
  }

  /// Infers the output of `Compress`: the slices of an axis, or the elements, that a known list of
  /// truth values selects.
  private static InferredValue compress(Operands operands) {
    var places = new ArrayList<Long>();
    List<Double> chosen = operands.numbers(1);
    for (int i = 0; i < chosen.size(); i++) {
      if (chosen.get(i) != 0) {
        places.add((long) i);
      }
    }
    List<Long> given = operands.shape(0);
    boolean isFlat = !operands.node().attributes().containsKey("axis");
    long elements = Tensor.elements(given);
    List<Long> shape = isFlat ? List.of(elements) : given;
    int axis = isFlat ? 0 : operands.axis(operands.node().integer("axis", 0), shape.size());
    if (!places.isEmpty() && places.getLast() >= shape.get(axis)) {
      throw operands.mismatch("it takes element %d".formatted(places.getLast()));
    }
    var result = new ArrayList<>(shape);
    result.set(axis, (long) places.size());
    InferredValue value = operands.value(0).reshaped(shape);
    return value.picked(
        result,
        index -> {
          long[] place = index.clone();
          place[axis] = places.get((int) index[axis]);
          return InferredValue.place(shape, place);
        });
  }

  /// Infers the output of `NonZero`: the indices of the nonzero elements of a known value, one row
  /// per axis.
  private static InferredValue nonZero(Operands operands) {
    List<Double> numbers = operands.numbers(0);
    List<Long> shape = operands.shape(0);
    var places = new ArrayList<Long>();
    for (int i = 0; i < numbers.size(); i++) {
      if (numbers.get(i) != 0) {
        places.add((long) i);
      }
    }
    var indices = new ArrayList<Long>();
    long stride = Tensor.elements(shape);
    for (long size : shape) {
      stride /= Math.max(1, size);
      for (long place : places) {
        indices.add(place / Math.max(1, stride) % Math.max(1, size));
      }
    }
    return InferredValue.whole(List.of((long) shape.size(), (long) places.size()), indices);
  }
}
