package falcon.model;

import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One operation of a [Network].
///
/// @param name name in the file, may be empty; nodes are identified by their outputs
/// @param opType operator, `Conv` for instance
/// @param domain operator set, empty for ONNX's own (`ai.onnx` is stored as empty)
/// @param inputs names of the values read; empty for an optional input left out
/// @param outputs names of the values made; empty for an optional output left out
/// @param attributes attributes by name, in file order
public record Node(
    String name,
    String opType,
    String domain,
    List<String> inputs,
    List<String> outputs,
    Map<String, Attribute> attributes)
    implements Serializable {

  /// Copies the collections and stores `ai.onnx` as the empty domain.
  public Node {
    domain = domain.equals("ai.onnx") ? "" : domain;
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
  }

  /// Returns whether this node is that operator of ONNX's own set.
  public boolean is(String onnxOpType) {
    return domain.isEmpty() && opType.equals(onnxOpType);
  }

  /// Returns the value of a `Constant` node.
  ///
  /// @return null if this is another operator, or the value is of a kind that [Tensor] cannot hold
  public @Nullable Tensor constant() {
    return is("Constant") && outputs.size() == 1 ? ConstantNodes.value(this) : null;
  }

  /// Returns the name of an input.
  ///
  /// @return null if the node has no such input or leaves it out
  public @Nullable String input(int index) {
    return index < inputs.size() && !inputs.get(index).isEmpty() ? inputs.get(index) : null;
  }

  /// Returns an integer attribute, or `absent`, ONNX's default, where there is none.
  ///
  /// @throws IllegalArgumentException if the attribute is of another kind
  public long integer(String attribute, long absent) {
    return switch (attributes.get(attribute)) {
      case null -> absent;
      case Attribute.IntegerValue(long value) -> value;
      case Attribute other -> throw wrongKind(attribute, "an integer", other);
    };
  }

  /// Returns a floating-point attribute, or `absent`, ONNX's default, where there is none.
  ///
  /// @throws IllegalArgumentException if the attribute is of another kind
  public float real(String attribute, float absent) {
    return switch (attributes.get(attribute)) {
      case null -> absent;
      case Attribute.FloatValue(float value) -> value;
      case Attribute other -> throw wrongKind(attribute, "a number", other);
    };
  }

  /// Returns a text attribute, or `absent`, ONNX's default, where there is none.
  ///
  /// @throws IllegalArgumentException if the attribute is of another kind
  public String text(String attribute, String absent) {
    return switch (attributes.get(attribute)) {
      case null -> absent;
      case Attribute.StringValue(String value) -> value;
      case Attribute other -> throw wrongKind(attribute, "a text", other);
    };
  }

  /// Returns a list of integers, or `absent`, ONNX's default, where there is none.
  ///
  /// @throws IllegalArgumentException if the attribute is of another kind
  public List<Long> integers(String attribute, List<Long> absent) {
    return switch (attributes.get(attribute)) {
      case null -> absent;
      case Attribute.IntegerList(List<Long> values) -> values;
      case Attribute other -> throw wrongKind(attribute, "a list of integers", other);
    };
  }

  /// Returns the name of this node in messages: its operator and a name.
  public String label() {
    String called =
        !name.isEmpty()
            ? "'" + name + "'"
            : outputs.isEmpty() ? "without a name" : "that makes '" + outputs.getFirst() + "'";
    return opType + " node " + called;
  }

  /// Returns the label with the operator set of the operator.
  public String labelWithDomain() {
    return "%s (domain %s)".formatted(label(), domain.isEmpty() ? "ai.onnx" : domain);
  }

  private IllegalArgumentException wrongKind(String attribute, String wanted, Attribute found) {
    return new IllegalArgumentException(
        "attribute '%s' of %s is %s, not %s".formatted(attribute, label(), found, wanted));
  }
}
