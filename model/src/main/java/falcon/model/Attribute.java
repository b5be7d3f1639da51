package falcon.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Value of a node's attribute, one case for each kind that ONNX has.
public sealed interface Attribute {

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
    public IntegerList {
      values = List.copyOf(values);
    }
  }

  /// Numbers (ONNX `FLOATS`).
  record FloatList(List<Float> values) implements Attribute {
    public FloatList {
      values = List.copyOf(values);
    }
  }

  /// Texts (ONNX `STRINGS`, read as UTF-8).
  record StringList(List<String> values) implements Attribute {
    public StringList {
      values = List.copyOf(values);
    }
  }

  /// Graphs (ONNX `GRAPHS`).
  record GraphList(List<Subgraph> values) implements Attribute {
    public GraphList {
      values = List.copyOf(values);
    }
  }

  /// A kind that Falcon hands through without looking inside (sparse tensors, types, tensors of an
  /// element type that [DataType] lacks, …).
  ///
  /// @param kind what it is, for messages
  record Opaque(String kind) implements Attribute {}

  /// Body of a control-flow node.
  ///
  /// @param path that no other body of the file has; what the body holds is called so in the
  ///     network, with its own name behind it
  /// @param nodes in file order
  /// @param inputs names that the body is called with
  /// @param outputs names that it gives back
  /// @param tensors its own constant tensors by name, in file order
  /// @param opaque those of them that [Tensor] cannot hold: name and what they are
  record Subgraph(
      String path,
      List<Node> nodes,
      List<String> inputs,
      List<String> outputs,
      Map<String, Tensor> tensors,
      Map<String, String> opaque) {
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
