package falcon.model.expansion;

import falcon.model.Attribute;
import falcon.model.Node;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The activation that a fused operator of ONNX Runtime ends with.
///
/// @param opType operator of ONNX; empty for none
/// @param numbers its attributes
record Activation(String opType, Map<String, Float> numbers) {
  /// Attributes of the activations, in the order in which `FusedConv` lists them.
  private static final Map<String, List<String>> ATTRIBUTES =
      Map.ofEntries(
          Map.entry("", List.of()),
          Map.entry("Relu", List.of()),
          Map.entry("Tanh", List.of()),
          Map.entry("Sigmoid", List.of()),
          Map.entry("Softplus", List.of()),
          Map.entry("Softsign", List.of()),
          Map.entry("HardSwish", List.of()),
          Map.entry("LeakyRelu", List.of("alpha")),
          Map.entry("Elu", List.of("alpha")),
          Map.entry("ThresholdedRelu", List.of("alpha")),
          Map.entry("HardSigmoid", List.of("alpha", "beta")),
          Map.entry("Selu", List.of("alpha", "gamma")),
          Map.entry("Clip", List.of("min", "max")));

  /// First version in which Clip has its bounds as inputs.
  private static final long CLIP_INPUTS = 11;

  /// Returns the activation of a node whose attribute lists the numbers.
  ///
  /// @return null if it is not known
  static @Nullable Activation of(Node node, List<Float> listed) {
    String opType = node.text("activation", "");
    List<String> names = ATTRIBUTES.get(opType);
    if (names == null || listed.size() > names.size()) {
      return null;
    }
    var numbers = new LinkedHashMap<String, Float>();
    for (int i = 0; i < listed.size(); i++) {
      numbers.put(names.get(i), listed.get(i));
    }
    return new Activation(opType, numbers);
  }

  /// Returns the activation of a node with an attribute for each number: `activation_alpha`.
  ///
  /// @return null if it is not known
  static @Nullable Activation of(Node node) {
    String opType = node.text("activation", "");
    List<String> names = ATTRIBUTES.get(opType);
    if (names == null) {
      return null;
    }
    var numbers = new LinkedHashMap<String, Float>();
    for (String name : names) {
      String attribute = "activation_" + name;
      if (node.attributes().containsKey(attribute)) {
        numbers.put(name, node.real(attribute, 0));
      } else if (node.attributes().containsKey("leaky_relu_alpha")) {
        numbers.put(name, node.real("leaky_relu_alpha", 0));
      }
    }
    return new Activation(opType, numbers);
  }

  boolean isNone() {
    return opType.isEmpty();
  }

  /// Makes the first output of a fragment by this activation.
  void make(Fragment fragment, long opset, @Nullable String value) {
    String output = RuntimeOperators.output(fragment);
    if (opType.equals("Clip") && opset >= CLIP_INPUTS) {
      fragment.make(
          output, opType, Map.of(), value, bound(fragment, "min"), bound(fragment, "max"));
      return;
    }
    var attributes = new LinkedHashMap<String, Attribute>();
    numbers.forEach((name, number) -> attributes.put(name, new Attribute.FloatValue(number)));
    fragment.make(output, opType, attributes, value);
  }

  private @Nullable String bound(Fragment fragment, String name) {
    Float number = numbers.get(name);
    return number == null ? null : fragment.number(number);
  }
}
