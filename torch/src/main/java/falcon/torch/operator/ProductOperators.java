package falcon.torch.operator;

import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Products of matrices and their generalisation.
final class ProductOperators {
  private ProductOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("MatMul", Operator.of(in -> in.x().matmul(in.y())).fresh());
    all.put("Gemm", Operator.of(ProductOperators::gemm).fresh());
    all.put("Einsum", Operator.of(ProductOperators::einsum));
    all.put("Det", Operator.of(in -> in.x().det()));
  }

  private static Tensor gemm(Operands in) {
    Tensor a = in.node().integer("transA", 0) == 0 ? in.x() : in.x().t();
    Tensor b = in.node().integer("transB", 0) == 0 ? in.y() : in.y().t();
    Tensor c = in.tensor(2);
    Scalar alpha = new Scalar((double) in.node().real("alpha", 1));
    if (!a.is_floating_point()) {
      throw in.unsupported("its matrices hold whole numbers");
    }
    return c == null
        ? a.mm(b).mul_(alpha)
        : torch.addmm(c, a, b, new Scalar((double) in.node().real("beta", 1)), alpha);
  }

  private static Tensor einsum(Operands in) {
    String equation = in.node().text("equation", "").replace(" ", "");
    return torch.einsum(equation, all(in));
  }

  /// Returns all operands of a node.
  static TensorVector all(Operands in) {
    var tensors = new TensorVector(in.count());
    for (int i = 0; i < in.count(); i++) {
      tensors.put(i, in.get(i));
    }
    return tensors;
  }
}
