package falcon.model.operator;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// Shape inference of products of matrices, and of their determinants.
final class LinearShapes {
  private LinearShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put(
        "Gemm",
        OperatorRule.ofShape(LinearShapes::gemm)
            .multiplies(new MatrixProduct(node -> node.integer("transA", 0) == 1 ? 0 : 1))
            .learns(0, 1, 2)
            .with(OperatorRule.Trait.FINITE));
    all.put(
        "MatMul",
        OperatorRule.ofShape(LinearShapes::matMul)
            .multiplies(new MatrixProduct(_ -> -1))
            .learns(0, 1)
            .with(OperatorRule.Trait.FINITE));
    all.put("Det", OperatorRule.ofShape(operands -> outer(operands.shape(0))));
  }

  /// A product of two matrices, or of stacks of them.
  ///
  /// @param termAxis axis of the left operand that is summed over, −1 for the last
  private record MatrixProduct(ToIntFunction<Node> termAxis) implements Product {
    @Override
    public List<Integer> factors(Node node) {
      return List.of(0, 1);
    }

    @Override
    public List<Integer> weights() {
      return List.of(0, 1);
    }

    @Override
    public @Nullable Long macs(NodeShapes shapes) {
      List<Long> output = shapes.output();
      List<Long> left = shapes.input(0);
      if (output == null || left == null) {
        return null;
      }
      int axis = termAxis.applyAsInt(shapes.node());
      long terms = axis < 0 ? left.getLast() : left.get(axis);
      return Math.multiplyExact(Tensor.elements(output), terms);
    }
  }

  /// Infers the output of `Gemm`: `[m, k] · [k, n]`, either transposed beforehand.
  private static List<Long> gemm(Operands operands) {
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

  /// Infers the output of `MatMul`: `[…, m, k] · […, k, n]`; a vector is a row on the left, a
  /// column on the right.
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
}
