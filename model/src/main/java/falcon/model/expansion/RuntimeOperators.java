package falcon.model.expansion;

import falcon.model.Attribute;
import falcon.model.Node;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Operators of ONNX Runtime, written out by those of ONNX. Optimised files have them in place of a
/// chain of ONNX's nodes.
///
/// Source: ONNX Runtime, ContribOperators.md, and the kernels of its CPU provider.
final class RuntimeOperators {
  private static final String DOMAIN = "com.microsoft";

  /// What the operators that add up and normalise add to the variance where the file does not say.
  static final float SKIP_EPSILON = 1e-12f;

  private static final float EPSILON = 1e-5f;

  /// Factor in the sigmoid of `QuickGelu`.
  private static final float QUICK_GELU = 1.702f;

  /// Attributes of `FusedConv` that its convolution lacks.
  private static final Set<String> CONVOLUTION_ONLY_FUSED =
      Set.of("activation", "activation_params");

  /// Writes an operator out.
  @FunctionalInterface
  private interface Writing {
    /// @return false if the node has options that cannot be written out
    boolean to(Fragment fragment, Expansion.Source source);
  }

  private static final Map<String, Writing> BY_NAME = byName();

  private RuntimeOperators() {}

  private static Map<String, Writing> byName() {
    Map<String, Writing> all = new LinkedHashMap<>();
    all.put("FusedConv", RuntimeOperators::convolution);
    all.put("FusedGemm", RuntimeOperators::gemm);
    all.put("FusedMatMul", MatrixOperators::product);
    all.put("TransposeMatMul", MatrixOperators::product);
    all.put("Gelu", (fragment, _) -> gelu(fragment, "none"));
    all.put("BiasGelu", (fragment, _) -> gelu(fragment, "none"));
    all.put("FastGelu", (fragment, _) -> gelu(fragment, "tanh"));
    all.put("QuickGelu", (fragment, _) -> quickGelu(fragment));
    all.put("LayerNormalization", (fragment, _) -> layer(fragment));
    all.put("SimplifiedLayerNormalization", (fragment, _) -> simplified(fragment));
    all.put("SkipLayerNormalization", (fragment, _) -> skip(fragment, "LayerNormalization"));
    all.put(
        "SkipSimplifiedLayerNormalization", (fragment, _) -> skip(fragment, "RMSNormalization"));
    all.put("Attention", AttentionOperators::attention);
    all.put("MultiHeadAttention", AttentionOperators::multiHead);
    all.put("EmbedLayerNormalization", (fragment, _) -> AttentionOperators.embedding(fragment));
    return all;
  }

  /// Returns whether a node is one of the operators that are written out.
  static boolean isKnown(Node node) {
    return (node.domain().equals(DOMAIN) || node.is("SimplifiedLayerNormalization"))
        && BY_NAME.containsKey(node.opType());
  }

  /// Writes out a node of ONNX Runtime.
  ///
  /// @return false if it is another node, or has options that cannot be written out
  static boolean write(Fragment fragment, Expansion.Source source) {
    Node node = fragment.node();
    Writing writing = isKnown(node) ? BY_NAME.get(node.opType()) : null;
    return writing != null
        && !node.outputs().isEmpty()
        && fragment.output(0) != null
        && writing.to(fragment, source);
  }

  /// `FusedConv`: y = activation(convolution + z), z left out mostly.
  private static boolean convolution(Fragment fragment, Expansion.Source source) {
    Node node = fragment.node();
    var attributes = new LinkedHashMap<>(node.attributes());
    attributes.keySet().removeAll(CONVOLUTION_ONLY_FUSED);
    List<Float> numbers =
        node.attributes().get("activation_params") instanceof Attribute.FloatList(List<Float> all)
            ? all
            : List.of();
    Activation activation = Activation.of(node, numbers);
    if (activation == null) {
      return false;
    }
    String sum = node.input(3);
    if (sum == null && activation.isNone()) {
      fragment.make(output(fragment), "Conv", attributes, inputs(node, 3));
      return true;
    }
    String value = fragment.add("Conv", attributes, inputs(node, 3));
    if (sum != null && activation.isNone()) {
      fragment.make(output(fragment), "Add", Map.of(), value, sum);
      return true;
    }
    activation.make(
        fragment, source.opset(), sum == null ? value : fragment.add("Add", Map.of(), value, sum));
    return true;
  }

  private static boolean gemm(Fragment fragment, Expansion.Source source) {
    Node node = fragment.node();
    var attributes = new LinkedHashMap<>(node.attributes());
    attributes.keySet().removeIf(name -> name.startsWith("activation"));
    attributes.remove("leaky_relu_alpha");
    Activation activation = Activation.of(node);
    if (activation == null) {
      return false;
    }
    if (activation.isNone()) {
      fragment.make(output(fragment), "Gemm", attributes, inputs(node, 3));
    } else {
      activation.make(fragment, source.opset(), fragment.add("Gemm", attributes, inputs(node, 3)));
    }
    return true;
  }

  /// `Gelu` of the input, and of the bias in front of it where there is one.
  private static boolean gelu(Fragment fragment, String approximation) {
    fragment.make(
        output(fragment),
        "Gelu",
        Map.of("approximate", new Attribute.StringValue(approximation)),
        sum(fragment, fragment.node().input(0), fragment.node().input(1)));
    return true;
  }

  private static boolean quickGelu(Fragment fragment) {
    float alpha = fragment.node().real("alpha", QUICK_GELU);
    fragment.make(
        output(fragment),
        "Swish",
        Map.of("alpha", new Attribute.FloatValue(alpha)),
        fragment.node().input(0));
    return true;
  }

  private static boolean layer(Fragment fragment) {
    Node node = fragment.node();
    for (int i = 1; i < 3; i++) {
      if (fragment.output(i) != null) {
        return false;
      }
    }
    fragment.make(output(fragment), "LayerNormalization", node.attributes(), inputs(node, 3));
    return true;
  }

  /// `SimplifiedLayerNormalization`: without a mean, as ONNX's `RMSNormalization`.
  private static boolean simplified(Fragment fragment) {
    Node node = fragment.node();
    if (fragment.output(1) != null && node.integer("axis", -1) != -1) {
      return false;
    }
    fragment.make(
        output(fragment), "RMSNormalization", withEpsilon(node, EPSILON), inputs(node, 2));
    inverseDeviation(fragment, fragment.output(1), node.input(0), EPSILON);
    return true;
  }

  /// `SkipLayerNormalization` and its simplified form: the sum of input, skip and bias, normalised.
  private static boolean skip(Fragment fragment, String normalisation) {
    Node node = fragment.node();
    boolean isSimplified = normalisation.equals("RMSNormalization");
    String beta = isSimplified ? null : node.input(3);
    String bias = node.input(isSimplified ? 3 : 4);
    if (fragment.output(1) != null || (fragment.output(2) != null && !isSimplified)) {
      return false;
    }
    String sum = sum(fragment, sum(fragment, node.input(0), node.input(1)), bias);
    fragment.make(
        output(fragment), normalisation, withEpsilon(node, SKIP_EPSILON), sum, node.input(2), beta);
    inverseDeviation(fragment, fragment.output(2), sum, SKIP_EPSILON);
    String asked = fragment.output(3);
    if (asked != null) {
      fragment.make(asked, "Identity", Map.of(), sum);
    }
    return true;
  }

  /// 1 / √(mean of the squares + ε) along the last axis.
  ///
  /// @param output its name, null if it is not asked for
  private static void inverseDeviation(
      Fragment fragment, @Nullable String output, @Nullable String value, float absent) {
    if (output == null) {
      return;
    }
    String squares = fragment.add("Mul", Map.of(), value, value);
    String mean =
        fragment.add(
            "ReduceMean", Map.of("axes", new Attribute.IntegerList(List.of(-1L))), squares);
    String epsilon = fragment.number(fragment.node().real("epsilon", absent));
    String deviation = fragment.add("Sqrt", Map.of(), fragment.add("Add", Map.of(), mean, epsilon));
    fragment.make(output, "Reciprocal", Map.of(), deviation);
  }

  private static Map<String, Attribute> withEpsilon(Node node, float absent) {
    var attributes = new LinkedHashMap<>(node.attributes());
    attributes.putIfAbsent("epsilon", new Attribute.FloatValue(absent));
    return attributes;
  }

  /// Returns the sum of two values, or the first where there is no second.
  static @Nullable String sum(Fragment fragment, @Nullable String a, @Nullable String b) {
    return b == null ? a : fragment.add("Add", Map.of(), a, b);
  }

  static String output(Fragment fragment) {
    return fragment.node().outputs().getFirst();
  }

  /// Returns the first inputs of a node.
  private static @Nullable String[] inputs(Node node, int count) {
    var inputs = new @Nullable String[count];
    for (int i = 0; i < count; i++) {
      inputs[i] = node.input(i);
    }
    return inputs;
  }
}
