package falcon.model;

import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The value of a node's attribute, with one case per kind in ONNX.
public sealed interface Attribute extends Serializable {

  /// One integer (ONNX `INT`).
  record IntegerValue(long value) implements Attribute {}

  /// One number (ONNX `FLOAT`).
  record FloatValue(float value) implements Attribute {}

  /// One text (ONNX `STRING`, read as UTF-8).
  record StringValue(String value) implements Attribute {}

  /// One tensor (ONNX `TENSOR`).
  record TensorValue(Tensor value) implements Attribute {}

  /// One graph, as control flow has it (ONNX `GRAPH`).
  record GraphValue(Subgraph value) implements Attribute {}

  /// Integers (ONNX `INTS`).
  record IntegerList(List<Long> values) implements Attribute {
    /// Copies the list.
    public IntegerList {
      values = List.copyOf(values);
    }
  }

  /// Numbers (ONNX `FLOATS`).
  record FloatList(List<Float> values) implements Attribute {
    /// Copies the list.
    public FloatList {
      values = List.copyOf(values);
    }
  }

  /// Texts (ONNX `STRINGS`, read as UTF-8).
  record StringList(List<String> values) implements Attribute {
    /// Copies the list.
    public StringList {
      values = List.copyOf(values);
    }
  }

  /// Graphs (ONNX `GRAPHS`).
  record GraphList(List<Subgraph> values) implements Attribute {
    /// Copies the list.
    public GraphList {
      values = List.copyOf(values);
    }
  }

  /// The value of an attribute of the call, in a node of a local function (ONNX `ref_attr_name`).
  ///
  /// @param attribute name of the attribute of the function
  record Reference(String attribute) implements Attribute {}

  /// A kind that Falcon passes through without reading it (sparse tensors, types, tensors of an
  /// element type that [DataType] lacks, …).
  ///
  /// @param kind name of the kind, for messages
  record Opaque(String kind) implements Attribute {}

  /// The body of a control-flow node.
  ///
  /// @param path a path that no other body of the file has; values and tensors of the body are
  ///     named in the network by this path followed by their own name
  /// @param nodes nodes in file order
  /// @param inputs names of the body's inputs
  /// @param outputs names of the body's outputs
  /// @param tensors its own constant tensors by name, in file order
  /// @param opaque constant tensors that [Tensor] cannot hold: name and kind
  record Subgraph(
      String path,
      List<Node> nodes,
      List<String> inputs,
      List<String> outputs,
      Map<String, Tensor> tensors,
      Map<String, String> opaque)
      implements Serializable {
    /// Copies the collections.
    public Subgraph {
      nodes = List.copyOf(nodes);
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
      tensors = ordered(tensors);
      opaque = ordered(opaque);
    }

    private static <V> Map<String, V> ordered(Map<String, V> map) {
      return map.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
  }
}
