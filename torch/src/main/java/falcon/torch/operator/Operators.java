package falcon.torch.operator;

import falcon.model.Node;
import falcon.torch.UnsupportedNetworkException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/// Meaning of ONNX's operators in libtorch, one node at a time: where to find which.
///
/// Source: ONNX operator specification, opsets 7 to 25.
public final class Operators {
  private static final Map<String, Operator> BY_NAME = byName();

  private Operators() {}

  private static Map<String, Operator> byName() {
    var all = new HashMap<String, Operator>();
    ActivationOperators.addTo(all);
    ArithmeticOperators.addTo(all);
    ConvolutionOperators.addTo(all);
    PoolingOperators.addTo(all);
    NormalizationOperators.addTo(all);
    ProductOperators.addTo(all);
    AttentionOperators.addTo(all);
    ReductionOperators.addTo(all);
    RearrangementOperators.addTo(all);
    SelectionOperators.addTo(all);
    ScatterOperators.addTo(all);
    ResizeOperators.addTo(all);
    PaddingOperators.addTo(all);
    CreationOperators.addTo(all);
    Recurrent.addTo(all);
    return Map.copyOf(all);
  }

  /// Whether the node's operator is known here; one of its options may still be refused.
  public static boolean supports(Node node) {
    return node.domain().isEmpty() && BY_NAME.containsKey(node.opType());
  }

  /// @return the node's outputs in order; those at the end that no one reads may be left out
  /// @throws UnsupportedNetworkException if the operator or one of its options is not known here
  public static List<Tensor> run(Operands in) {
    Node node = in.node();
    if (!node.domain().isEmpty()) {
      throw UnsupportedNetworkException.of(
          node, "its operator set '%s' is not ONNX's own".formatted(node.domain()));
    }
    Operator operator = BY_NAME.get(node.opType());
    if (operator == null && (node.is("If") || node.is("Loop"))) {
      throw UnsupportedNetworkException.of(
          node,
          "what it runs must follow from constants and shapes; export the network traced, or give its input"
              + " sizes (--input-shape)");
    }
    if (operator == null) {
      throw UnsupportedNetworkException.of(node, "the operator is not known here");
    }
    return operator.run(in);
  }
}
