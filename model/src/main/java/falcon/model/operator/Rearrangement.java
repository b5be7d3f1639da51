package falcon.model.operator;

import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Shape inference of operators that rearrange the same elements.
final class Rearrangement {
  private Rearrangement() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put("Shape", OperatorRule.ofValue(Rearrangement::shape).with(OperatorRule.Trait.PICKS));
    all.put("Size", OperatorRule.ofValue(Rearrangement::size).with(OperatorRule.Trait.PICKS));
    all.put("Flatten", OperatorRule.ofValue(Rearrangement::flatten).with(OperatorRule.Trait.PICKS));
    arranging(all, "Reshape", Rearrangement::reshape);
    arranging(all, "Transpose", Rearrangement::transpose);
    arranging(all, "Squeeze", Rearrangement::squeeze);
    arranging(all, "Unsqueeze", Rearrangement::unsqueeze);
    all.put(
        "Concat",
        OperatorRule.ofValue(Rearrangement::concat)
            .learns(OperatorRule.ANY)
            .with(OperatorRule.Trait.PICKS));
  }

  private static void arranging(
      Map<String, OperatorRule> all, String name, Function<Operands, InferredValue> value) {
    all.put(
        name,
        OperatorRule.ofValue(value).with(OperatorRule.Trait.PICKS, OperatorRule.Trait.ARRANGES));
  }

  /// Infers the output of `Size`: the number of elements.
  private static InferredValue size(Operands operands) {
    return InferredValue.whole(List.of(), List.of(Tensor.elements(operands.shape(0))));
  }

  /// Infers the output of `Shape`: the shape, or a part of it.
  private static InferredValue shape(Operands operands) {
    List<Long> shape = operands.shape(0);
    int start = clamp(operands.node().integer("start", 0), shape.size());
    int end = clamp(operands.node().integer("end", shape.size()), shape.size());
    return InferredValue.ofContent(shape.subList(start, Math.max(start, end)));
  }

  /// Infers the output of `Flatten`: a matrix whose rows are the axes before `axis`.
  private static InferredValue flatten(Operands operands) {
    List<Long> shape = operands.shape(0);
    long axis = operands.node().integer("axis", 1);
    if (axis < -shape.size() || axis > shape.size()) {
      throw operands.mismatch("axis %d is not one of %d".formatted(axis, shape.size()));
    }
    int split = (int) (axis < 0 ? axis + shape.size() : axis);
    return operands
        .value(0)
        .reshaped(
            List.of(
                Tensor.elements(shape.subList(0, split)),
                Tensor.elements(shape.subList(split, shape.size()))));
  }

  /// Infers the output of `Reshape`: 0 keeps a size, −1 is computed from the number of elements.
  private static InferredValue reshape(Operands operands) {
    List<Long> shape = operands.shape(0);
    List<Long> wanted = operands.content(1);
    boolean keepsZero = operands.node().integer("allowzero", 0) == 0;
    var result = new ArrayList<Long>();
    int open = -1;
    for (int i = 0; i < wanted.size(); i++) {
      long size = wanted.get(i);
      if (size == 0 && keepsZero) {
        if (i >= shape.size()) {
          throw operands.mismatch(
              "the target %s keeps an axis that is not there".formatted(wanted));
        }
        size = shape.get(i);
      } else if (size == -1 && open < 0) {
        open = i;
        size = 1;
      } else if (size < 0) {
        throw operands.mismatch("the target is %s".formatted(wanted));
      }
      result.add(size);
    }
    long elements = Tensor.elements(shape);
    long known = Tensor.elements(result);
    if (open >= 0 && known > 0 && elements % known == 0) {
      result.set(open, elements / known);
    }
    if (Tensor.elements(result) != elements) {
      throw operands.mismatch("the target %s holds another number of elements".formatted(wanted));
    }
    return operands.value(0).reshaped(result);
  }

  /// Infers the output of `Transpose`: axes in another order, reversed if none is given.
  private static InferredValue transpose(Operands operands) {
    List<Long> shape = operands.shape(0);
    var reversed = new ArrayList<Long>();
    for (long axis = shape.size() - 1L; axis >= 0; axis--) {
      reversed.add(axis);
    }
    List<Long> order = operands.node().integers("perm", reversed);
    if (order.size() != shape.size() || order.stream().distinct().count() != order.size()) {
      throw operands.mismatch("the order %s does not fit".formatted(order));
    }
    var axes = order.stream().map(axis -> operands.axis(axis, shape.size())).toList();
    var source = new long[shape.size()];
    return operands
        .value(0)
        .picked(
            axes.stream().map(shape::get).toList(),
            index -> {
              for (int i = 0; i < index.length; i++) {
                source[axes.get(i)] = index[i];
              }
              return InferredValue.place(shape, source);
            });
  }

  /// Infers the output of `Squeeze`: axes of size 1 are dropped.
  private static InferredValue squeeze(Operands operands) {
    List<Long> shape = operands.shape(0);
    List<Long> axes = operands.inputOrAttribute(1, "axes");
    var result = new ArrayList<Long>();
    List<Integer> gone =
        axes == null ? null : axes.stream().map(axis -> operands.axis(axis, shape.size())).toList();
    for (int i = 0; i < shape.size(); i++) {
      boolean isDropped = gone == null ? shape.get(i) == 1 : gone.contains(i);
      if (!isDropped) {
        result.add(shape.get(i));
      } else if (shape.get(i) != 1) {
        throw operands.mismatch("axis %d has size %d".formatted(i, shape.get(i)));
      }
    }
    return operands.value(0).reshaped(result);
  }

  /// Infers the output of `Unsqueeze`: axes of size 1 are added.
  private static InferredValue unsqueeze(Operands operands) {
    List<Long> shape = operands.shape(0);
    List<Long> axes = operands.inputOrAttribute(1, "axes");
    if (axes == null) {
      throw operands.mismatch("it names no axes");
    }
    int rank = shape.size() + axes.size();
    List<Integer> added =
        axes.stream().map(axis -> operands.axis(axis, rank)).distinct().sorted().toList();
    if (added.size() != axes.size()) {
      throw operands.mismatch("an axis of %s is there twice".formatted(axes));
    }
    var result = new ArrayList<>(shape);
    added.forEach(axis -> result.add(axis, 1L));
    return operands.value(0).reshaped(result);
  }

  /// Infers the output of `Concat`.
  private static InferredValue concat(Operands operands) {
    List<Long> first = operands.shape(0);
    int axis = operands.axis(operands.node().integer("axis", 0), first.size());
    var result = new ArrayList<>(first);
    for (int i = 1; i < operands.inputs().size(); i++) {
      List<Long> shape = operands.shape(i);
      if (shape.size() != first.size()) {
        throw operands.mismatch("the inputs differ in their axes");
      }
      for (int j = 0; j < shape.size(); j++) {
        if (j != axis && !shape.get(j).equals(first.get(j))) {
          throw operands.mismatch("the inputs differ in axis %d".formatted(j));
        }
      }
      result.set(axis, Math.addExact(result.get(axis), shape.get(axis)));
    }
    return joined(operands, result);
  }

  /// Concatenates the elements of lists.
  private static InferredValue joined(Operands operands, List<Long> shape) {
    var numbers = new ArrayList<Double>();
    for (int i = 0; i < operands.inputs().size(); i++) {
      List<Double> more = operands.value(i).numbers();
      if (more == null || shape.size() != 1) {
        return InferredValue.ofShape(shape);
      }
      numbers.addAll(more);
    }
    return new InferredValue(shape, numbers, operands.value(0).isWhole());
  }

  private static int clamp(long place, int rank) {
    return Math.toIntExact(Math.clamp(place < 0 ? place + rank : place, 0, rank));
  }
}
