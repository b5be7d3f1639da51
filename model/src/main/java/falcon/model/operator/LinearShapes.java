package falcon.model.operator;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Shapes of products of matrices, and of operators that sum axes up.
final class LinearShapes {
  private LinearShapes() {}

  /// `Gemm`: `[m, k] · [k, n]`, either turned over beforehand.
  static List<Long> gemm(Operands operands) {
    List<Long> a = matrix(operands, 0, "transA");
    List<Long> b = matrix(operands, 1, "transB");
    if (!a.get(1).equals(b.get(0))) {
      throw operands.mismatch("the matrices do not fit");
    }
    List<Long> shape = List.of(a.get(0), b.get(1));
    if (operands.has(2)) {
      Broadcast.requireStretch(operands, 2, shape);
    }
    return shape;
  }

  /// `MatMul`: `[…, m, k] · […, k, n]`; a vector is a row on the left, a column on the right.
  static List<Long> matMul(Operands operands) {
    List<Long> a = operands.shape(0);
    List<Long> b = operands.shape(1);
    if (a.isEmpty() || b.isEmpty()) {
      throw operands.mismatch("a scalar is no matrix");
    }
    long columnsA = a.getLast();
    long rowsB = b.get(Math.max(0, b.size() - 2));
    if (columnsA != rowsB) {
      throw operands.mismatch("the matrices do not fit");
    }
    var shape = new ArrayList<>(Broadcast.shape(operands, outer(a), outer(b)));
    if (a.size() > 1) {
      shape.add(a.get(a.size() - 2));
    }
    if (b.size() > 1) {
      shape.add(b.getLast());
    }
    return shape;
  }

  /// `ReduceMean` and its kin.
  static InferredValue reduction(Operands operands) {
    Node node = operands.node();
    List<Long> shape = operands.shape(0);
    List<Long> axes = operands.inputOrAttribute(1, "axes");
    if (axes == null || axes.isEmpty()) {
      if (node.integer("noop_with_empty_axes", 0) == 1) {
        return operands.value(0);
      }
      axes = new ArrayList<>();
      for (long i = 0; i < shape.size(); i++) {
        axes.add(i);
      }
    }
    List<Long> result = without(operands, axes, node.integer("keepdims", 1) == 1);
    return new InferredValue(result, reduced(operands, result), operands.value(0).isWhole());
  }

  /// Sum, product, least or greatest of known numbers, where one is left.
  private static @Nullable List<Double> reduced(Operands operands, List<Long> result) {
    List<Double> numbers = operands.value(0).numbers();
    if (numbers == null || numbers.isEmpty() || Tensor.elements(result) != 1) {
      return null;
    }
    return switch (operands.node().opType()) {
      case "ReduceSum" -> List.of(numbers.stream().reduce(0.0, Double::sum));
      case "ReduceProd" -> List.of(numbers.stream().reduce(1.0, (a, b) -> a * b));
      case "ReduceMax" -> List.of(Collections.max(numbers));
      case "ReduceMin" -> List.of(Collections.min(numbers));
      default -> null;
    };
  }

  /// `ArgMax` and `ArgMin`.
  static List<Long> argument(Operands operands) {
    Node node = operands.node();
    return without(operands, List.of(node.integer("axis", 0)), node.integer("keepdims", 1) == 1);
  }

  /// `LayerNormalization`: the output, then mean and inverse deviation of what is normalised.
  static List<InferredValue> layerNormalization(Operands operands) {
    List<Long> shape = operands.shape(0);
    int axis = operands.axis(operands.node().integer("axis", -1), shape.size());
    for (int input = 1; input < operands.inputs().size(); input++) {
      if (operands.has(input)) {
        Broadcast.requireStretch(operands, input, shape.subList(axis, shape.size()));
      }
    }
    var moments = new ArrayList<>(shape);
    for (int i = axis; i < shape.size(); i++) {
      moments.set(i, 1L);
    }
    return List.of(
        InferredValue.ofShape(shape),
        InferredValue.ofShape(moments),
        InferredValue.ofShape(moments));
  }

  /// `Attention`: `[b, heads, m, k]` and `[b, heads, n, l]` give `[b, heads, m, l]`; with three axes the
  /// heads stand side by side in the last.
  static List<Long> attention(Operands operands) {
    List<Long> q = operands.shape(0);
    List<Long> v = operands.shape(2);
    if (q.size() != operands.shape(1).size() || q.size() != v.size()) {
      throw operands.mismatch("queries, keys and values differ in their axes");
    }
    var shape = new ArrayList<>(q);
    switch (q.size()) {
      case 4 -> shape.set(3, v.get(3));
      case 3 -> {
        long heads = operands.node().integer("q_num_heads", 0);
        long shared = operands.node().integer("kv_num_heads", 0);
        if (heads < 1 || shared < 1 || q.get(2) % heads != 0 || v.get(2) % shared != 0) {
          throw operands.mismatch("its %d and %d heads do not fit".formatted(heads, shared));
        }
        shape.set(2, Math.multiplyExact(v.get(2) / shared, heads));
      }
      default -> throw operands.mismatch("it needs three or four axes");
    }
    return shape;
  }

  private static List<Long> matrix(Operands operands, int input, String turned) {
    List<Long> shape = operands.shape(input);
    if (shape.size() != 2) {
      throw operands.mismatch("input %d is no matrix".formatted(input));
    }
    return operands.node().integer(turned, 0) == 1 ? shape.reversed() : shape;
  }

  private static List<Long> outer(List<Long> shape) {
    return shape.subList(0, Math.max(0, shape.size() - 2));
  }

  private static List<Long> without(Operands operands, List<Long> axes, boolean keep) {
    List<Long> shape = operands.shape(0);
    var gone = axes.stream().map(axis -> operands.axis(axis, shape.size())).toList();
    var left = new ArrayList<Long>();
    for (int i = 0; i < shape.size(); i++) {
      if (!gone.contains(i)) {
        left.add(shape.get(i));
      } else if (keep) {
        left.add(1L);
      }
    }
    return left;
  }
}
