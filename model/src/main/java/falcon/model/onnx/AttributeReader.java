package falcon.model.onnx;

import com.google.protobuf.ByteString;
import falcon.model.Attribute;
import falcon.model.Attribute.Subgraph;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.expansion.LocalFunction;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.AttributeProto.AttributeType;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.SparseTensorProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.onnx.proto.ValueInfoProto;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Converts a file's messages to [Node]s and [Attribute]s.
final class AttributeReader {
  private final TensorDecoder decoder;
  private final BodyTensors bodies;
  private final FunctionKeys functions;

  /// @param bodies collects the tensors of control-flow bodies, functions and calls
  /// @param functions the functions that the file defines
  AttributeReader(TensorDecoder decoder, BodyTensors bodies, FunctionKeys functions) {
    this.decoder = decoder;
    this.bodies = bodies;
    this.functions = functions;
  }

  /// Reads one node.
  ///
  /// @param place position in the file
  /// @throws IllegalArgumentException if it names no operator, or two of its attributes have the
  ///     same name
  Node node(NodeProto proto, NodePlace place) {
    if (proto.getOpType().isEmpty()) {
      throw new IllegalArgumentException("node '%s' names no operator".formatted(proto.getName()));
    }
    var attributes = new LinkedHashMap<String, Attribute>();
    for (AttributeProto attribute : proto.getAttributeList()) {
      if (attributes.put(attribute.getName(), attribute(proto, attribute, place)) != null) {
        throw new IllegalArgumentException(
            "%s node '%s' has two attributes '%s'"
                .formatted(proto.getOpType(), proto.getName(), attribute.getName()));
      }
    }
    return new Node(
        proto.getName(),
        FunctionKeys.opType(proto),
        proto.getDomain(),
        List.copyOf(proto.getInputList()),
        List.copyOf(proto.getOutputList()),
        attributes);
  }

  private Attribute attribute(NodeProto node, AttributeProto proto, NodePlace place) {
    if (!proto.getRefAttrName().isEmpty()) {
      return new Attribute.Reference(proto.getRefAttrName());
    }
    return switch (type(proto)) {
      case FLOAT -> new Attribute.FloatValue(proto.getF());
      case INT -> new Attribute.IntegerValue(proto.getI());
      case STRING -> new Attribute.StringValue(proto.getS().toStringUtf8());
      case TENSOR -> tensor(node, proto, place);
      case GRAPH -> new Attribute.GraphValue(subgraph(proto.getG(), place.body(proto.getName())));
      case FLOATS -> new Attribute.FloatList(proto.getFloatsList());
      case INTS -> new Attribute.IntegerList(proto.getIntsList());
      case STRINGS ->
          new Attribute.StringList(
              proto.getStringsList().stream().map(ByteString::toStringUtf8).toList());
      case GRAPHS ->
          new Attribute.GraphList(
              proto.getGraphsList().stream().map(body -> subgraph(body, null)).toList());
      case SPARSE_TENSOR -> sparse(node, proto);
      case TENSORS, SPARSE_TENSORS, TYPE_PROTO, TYPE_PROTOS, UNDEFINED ->
          new Attribute.Opaque(type(proto).name());
    };
  }

  private Attribute tensor(NodeProto node, AttributeProto proto, NodePlace place) {
    String name = node.getOutputCount() == 1 ? node.getOutput(0) : node.getName();
    String given = functions.isCalledBy(node) ? place.tensor(proto.getName()) : null;
    return tensor(name, proto, given);
  }

  /// @param given name of the tensor in the network, null if it stays in its node
  private Attribute tensor(String name, AttributeProto proto, @Nullable String given) {
    Tensor tensor = decoder.decode(name, proto.getT());
    if (tensor == null) {
      return new Attribute.Opaque("tensor of " + ElementTypes.name(proto.getT().getDataType()));
    }
    if (given != null) {
      bodies.add(given, tensor, ExternalPlace.isOf(proto.getT()));
    }
    return new Attribute.TensorValue(tensor);
  }

  /// Reads a local function.
  ///
  /// @param path prefix of its constants
  LocalFunction function(FunctionProto proto, String path) {
    var defaults = new LinkedHashMap<String, Attribute>();
    for (AttributeProto attribute : proto.getAttributeProtoList()) {
      String name = attribute.getName();
      defaults.put(
          name,
          attribute.hasT()
              ? tensor(name, attribute, FunctionKeys.tensor(path, name))
              : attribute(
                  NodeProto.getDefaultInstance(),
                  attribute,
                  new NodePlace(null, proto.getName(), 0)));
    }
    long opset = 0;
    for (OperatorSetIdProto set : proto.getOpsetImportList()) {
      if (set.getDomain().isEmpty() || set.getDomain().equals("ai.onnx")) {
        opset = set.getVersion();
      }
    }
    return new LocalFunction(
        path,
        opset,
        proto.getInputList(),
        proto.getOutputList(),
        defaults,
        nodes(proto.getNodeList(), path));
  }

  /// Returns the value of a `Constant` as an ordinary tensor; elsewhere sparse tensors are passed
  /// through.
  private Attribute sparse(NodeProto node, AttributeProto proto) {
    Tensor tensor =
        node.getOpType().equals("Constant") && node.getOutputCount() == 1
            ? decoder.decode(node.getOutput(0), proto.getSparseTensor())
            : null;
    return tensor == null
        ? new Attribute.Opaque(type(proto).name())
        : new Attribute.TensorValue(tensor);
  }

  /// Reads a body with loops instead of streams, whose overhead a hostile list of a million empty
  /// bodies would multiply.
  ///
  /// @param path path of the body, null if it is never inlined into the graph
  private Subgraph subgraph(GraphProto proto, @Nullable String path) {
    List<Node> nodes = nodes(proto.getNodeList(), path);
    if (proto.getInitializerCount() == 0 && proto.getSparseInitializerCount() == 0) {
      return body(path, nodes, proto, Map.of(), Map.of());
    }
    var tensors = new LinkedHashMap<String, Tensor>();
    var opaque = new LinkedHashMap<String, String>();
    for (TensorProto tensor : proto.getInitializerList()) {
      Tensor decoded = path == null ? null : decoder.decode(path + tensor.getName(), tensor);
      if (decoded == null) {
        opaque.put(tensor.getName(), ElementTypes.name(tensor.getDataType()));
      } else {
        tensors.put(tensor.getName(), decoded);
        bodies.add(path + tensor.getName(), decoded, ExternalPlace.isOf(tensor));
      }
    }
    for (SparseTensorProto sparse : proto.getSparseInitializerList()) {
      String name = sparse.getValues().getName();
      Tensor decoded = path == null ? null : decoder.decode(path + name, sparse);
      if (decoded == null) {
        opaque.put(name, "sparse " + ElementTypes.name(sparse.getValues().getDataType()));
      } else {
        tensors.put(name, decoded);
        bodies.add(path + name, decoded, false);
      }
    }
    return body(path, nodes, proto, tensors, opaque);
  }

  private List<Node> nodes(List<NodeProto> protos, @Nullable String path) {
    var nodes = new ArrayList<Node>(protos.size());
    for (int i = 0; i < protos.size(); i++) {
      NodeProto node = protos.get(i);
      nodes.add(node(node, new NodePlace(path, node.getOpType(), i)));
      Tensor constant = path == null ? null : nodes.getLast().constant();
      if (constant != null) {
        boolean isExternal =
            node.getAttributeList().stream().anyMatch(it -> ExternalPlace.isOf(it.getT()));
        bodies.add(path + node.getOutput(0), constant, isExternal);
      }
    }
    return nodes;
  }

  private static Subgraph body(
      @Nullable String path,
      List<Node> nodes,
      GraphProto proto,
      Map<String, Tensor> tensors,
      Map<String, String> opaque) {
    return new Subgraph(
        path == null ? "" : path,
        nodes,
        names(proto.getInputList()),
        names(proto.getOutputList()),
        tensors,
        opaque);
  }

  private static List<String> names(List<ValueInfoProto> values) {
    var names = new ArrayList<String>(values.size());
    for (ValueInfoProto value : values) {
      names.add(value.getName());
    }
    return names;
  }

  /// Returns the declared type, or for files of ONNX's first versions the type whose field is set.
  private static AttributeType type(AttributeProto proto) {
    if (proto.getType() != AttributeType.UNDEFINED) {
      return proto.getType();
    }
    if (proto.hasF()) {
      return AttributeType.FLOAT;
    }
    if (proto.hasI()) {
      return AttributeType.INT;
    }
    if (proto.hasS()) {
      return AttributeType.STRING;
    }
    if (proto.hasT()) {
      return AttributeType.TENSOR;
    }
    if (proto.hasG()) {
      return AttributeType.GRAPH;
    }
    if (proto.hasSparseTensor()) {
      return AttributeType.SPARSE_TENSOR;
    }
    if (proto.getFloatsCount() > 0) {
      return AttributeType.FLOATS;
    }
    if (proto.getIntsCount() > 0) {
      return AttributeType.INTS;
    }
    return proto.getStringsCount() > 0 ? AttributeType.STRINGS : AttributeType.UNDEFINED;
  }
}
