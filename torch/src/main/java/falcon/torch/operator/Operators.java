package falcon.torch.operator;

import falcon.model.ModelOption;
import falcon.model.Node;
import falcon.torch.UnsupportedNetworkException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;

/// The implementations of ONNX's operators in libtorch, one node at a time: a table by name.
///
/// Source: ONNX operator specification, opsets 7 to 25.
public final class Operators {
  private static final Map<String, Operator> BY_NAME = byName();

  private static final Operator UNKNOWN = Operator.ofSeveral(Operators::refused);

  private Operators() {}

  private static Map<String, Operator> byName() {
    var all = new HashMap<String, Operator>();
    for (Consumer<Map<String, Operator>> family : families()) {
      var own = new HashMap<String, Operator>();
      family.accept(own);
      own.forEach((name, operator) -> {
        if (all.put(name, operator) != null) {
          throw new IllegalStateException("two families have the operator " + name);
        }
      });
    }
    return Map.copyOf(all);
  }

  private static List<Consumer<Map<String, Operator>>> families() {
    return List.of(
        ActivationOperators::addTo,
        ArithmeticOperators::addTo,
        ConvolutionOperators::addTo,
        PoolingOperators::addTo,
        FoldOperators::addTo,
        NormalizationOperators::addTo,
        ProductOperators::addTo,
        QuantizedOperators::addTo,
        AttentionOperators::addTo,
        ReductionOperators::addTo,
        RearrangementOperators::addTo,
        SelectionOperators::addTo,
        ScatterOperators::addTo,
        ResizeOperators::addTo,
        PaddingOperators::addTo,
        CreationOperators::addTo,
        Recurrent::addTo);
  }

  /// Returns the names of all supported operators.
  static Set<String> names() {
    return BY_NAME.keySet();
  }

  /// Returns whether the node's operator is supported; one of its attributes may still be rejected.
  public static boolean supports(Node node) {
    return node.domain().isEmpty() && BY_NAME.containsKey(node.opType());
  }

  /// Returns the operator of a node; an unsupported one is rejected when it is run.
  public static Operator of(Node node) {
    Operator operator = node.domain().isEmpty() ? BY_NAME.get(node.opType()) : null;
    return operator == null ? UNKNOWN : operator;
  }

  /// @return the node's outputs in order; trailing outputs that no node reads may be omitted
  /// @throws UnsupportedNetworkException if the operator or one of its attributes is not supported
  public static List<Tensor> run(Operands in) {
    return of(in.node()).run(in);
  }

  private static List<Tensor> refused(Operands in) {
    Node node = in.node();
    if (!node.domain().isEmpty()) {
      throw UnsupportedNetworkException.of(
          node, "its operator set '%s' is not ONNX's own".formatted(node.domain()));
    }
    if (node.is("If") || node.is("Loop")) {
      throw UnsupportedNetworkException.of(
          node,
          "what it runs must follow from constants and shapes; export the network traced, or give"
              + " its input"
              + " sizes (%s)".formatted(ModelOption.INPUT_SHAPE));
    }
    throw UnsupportedNetworkException.of(node, "the operator is not known here");
  }
}
