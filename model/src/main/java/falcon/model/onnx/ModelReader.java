package falcon.model.onnx;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.expansion.Expansion;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.SparseTensorProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.onnx.proto.TensorShapeProto;
import falcon.model.onnx.proto.TypeProto;
import falcon.model.onnx.proto.ValueInfoProto;
import falcon.model.shape.ControlFlow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Converts a file's message to a [Network].
final class ModelReader {
  /// The oldest supported operator set: before it, BatchNormalization, Dropout and broadcasting had
  /// another meaning.
  private static final long OLDEST_OPSET = 7;

  private final Path path;
  private final ModelProto model;
  private final ModelProto.Builder skeleton;
  private final FunctionKeys functionKeys;
  private final AttributeReader attributes;
  private final TensorDecoder decoder;
  private final BodyTensors bodies = new BodyTensors();
  private final ExternalFiles externalFiles;
  private final Set<String> detached = new LinkedHashSet<>();
  private final Map<String, Tensor> asRead = new LinkedHashMap<>();
  private final Set<String> external = new HashSet<>();

  /// @param fileBytes length of the file
  ModelReader(Path path, ModelProto model, long fileBytes) {
    this.path = path;
    this.model = model;
    skeleton = model.toBuilder();
    externalFiles = new ExternalFiles(path);
    decoder = new TensorDecoder(path, fileBytes, externalFiles);
    functionKeys = functionKeys(path, model);
    attributes = new AttributeReader(decoder, bodies, functionKeys);
  }

  private static FunctionKeys functionKeys(Path path, ModelProto model) {
    try {
      return new FunctionKeys(model);
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(
          path, String.valueOf(e.getMessage()), "Export the network again.", e);
    }
  }

  /// Reads the network.
  ///
  /// @throws MalformedModelException if the model contradicts itself
  Network read() {
    try {
      return network();
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(
          path, String.valueOf(e.getMessage()), "Export the network again.", e);
    }
  }

  private Network network() {
    requireKnownOpset();
    GraphProto graph = model.getGraph();
    externalFiles.open(AllTensors.of(model));
    Network.Builder builder = Network.builder(graph.getName());
    var constants = new HashSet<String>();
    addInitializers(graph, builder, constants);
    addNodes(graph, builder);
    for (ValueInfoProto input : graph.getInputList()) {
      if (!constants.contains(input.getName())) {
        builder.input(valueInfo(input));
      }
    }
    rememberBodies(graph, constants);
    graph.getOutputList().forEach(output -> builder.output(valueInfo(output)));
    model
        .getOpsetImportList()
        .forEach(opset -> builder.opset(opset.getDomain(), opset.getVersion()));
    model
        .getMetadataPropsList()
        .forEach(entry -> builder.metadata(entry.getKey(), entry.getValue()));
    Network network =
        ControlFlow.inlined(
            builder
                .origin(
                    new OnnxOrigin(
                        skeleton.build(), detached, asRead, external, externalFiles.contents()))
                .build());
    // Values that Constant nodes hold as plain numbers stay in the file's message.
    network
        .initializers()
        .forEach((name, tensor) -> {
          if (!detached.contains(name)) {
            asRead.putIfAbsent(name, tensor);
          }
        });
    return network;
  }

  private void requireKnownOpset() {
    for (OperatorSetIdProto opset : model.getOpsetImportList()) {
      boolean isOnnx = opset.getDomain().isEmpty() || opset.getDomain().equals("ai.onnx");
      if (isOnnx && opset.getVersion() < OLDEST_OPSET) {
        throw new MalformedModelException(
            path,
            "uses operator set %d of ONNX; %d and later are read"
                .formatted(opset.getVersion(), OLDEST_OPSET),
            "Convert it in Python: onnx.version_converter.convert_version(onnx.load(\"%s\"), 13)."
                .formatted(path.getFileName()));
      }
    }
  }

  private void addInitializers(GraphProto graph, Network.Builder builder, Set<String> constants) {
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto proto = graph.getInitializer(i);
      constants.add(proto.getName());
      Tensor tensor = decoder.decode(proto.getName(), proto);
      if (tensor == null) {
        builder.opaqueInitializer(proto.getName(), ElementTypes.name(proto.getDataType()));
        continue;
      }
      builder.initializer(proto.getName(), tensor);
      if (proto.hasRawData() && !ExternalPlace.isOf(proto)) {
        skeleton.getGraphBuilder().getInitializerBuilder(i).clearRawData();
      }
      remember(proto.getName(), proto, tensor);
    }
    for (SparseTensorProto sparse : graph.getSparseInitializerList()) {
      String name = sparse.getValues().getName();
      constants.add(name);
      Tensor tensor = decoder.decode(name, sparse);
      if (tensor == null) {
        builder.opaqueInitializer(
            name, "sparse " + ElementTypes.name(sparse.getValues().getDataType()));
      } else {
        builder.initializer(name, tensor);
        asRead.put(name, tensor);
      }
    }
  }

  /// Adds the nodes of the graph; those that call local functions and those of ONNX Runtime are
  /// written out.
  private void addNodes(GraphProto graph, Network.Builder builder) {
    var nodes = new ArrayList<Node>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      nodes.add(node(i, graph.getNode(i)));
    }
    var source = new ExpansionSource(model, functionKeys, attributes, bodies);
    Expansion.Result expanded = Expansion.of(source, nodes, source.names());
    expanded.nodes().forEach(builder::node);
    expanded.constants().forEach(builder::initializer);
    builder.opset("", source.opset());
  }

  private Node node(int index, NodeProto proto) {
    Node node = attributes.node(proto, new NodePlace("", proto.getOpType(), index));
    rememberConstant(index, proto, node);
    return node;
  }

  private void rememberConstant(int index, NodeProto proto, Node node) {
    if (!node.is("Constant") || node.outputs().size() != 1) {
      return;
    }
    for (int i = 0; i < proto.getAttributeCount(); i++) {
      AttributeProto attribute = proto.getAttribute(i);
      Attribute value = node.attributes().get(attribute.getName());
      if (attribute.hasT() && value instanceof Attribute.TensorValue(Tensor tensor)) {
        if (attribute.getT().hasRawData() && !ExternalPlace.isOf(attribute.getT())) {
          skeleton
              .getGraphBuilder()
              .getNodeBuilder(index)
              .getAttributeBuilder(i)
              .getTBuilder()
              .clearRawData();
        }
        remember(node.outputs().getFirst(), attribute.getT(), tensor);
      }
    }
  }

  /// Records the tensors of bodies, which keep their place in the file's message whether or not the
  /// bodies are inlined into the graph.
  private void rememberBodies(GraphProto graph, Set<String> constants) {
    var taken = new HashSet<>(constants);
    graph.getNodeList().forEach(node -> taken.addAll(node.getOutputList()));
    bodies
        .tensors()
        .forEach((name, tensor) -> {
          if (taken.contains(name)) {
            throw new IllegalArgumentException(
                "two constant tensors are named '%s'".formatted(name));
          }
          asRead.put(name, tensor);
        });
    external.addAll(bodies.external());
  }

  private void remember(String name, TensorProto proto, Tensor tensor) {
    if (ExternalPlace.isOf(proto)) {
      external.add(name);
      asRead.put(name, tensor);
    } else if (proto.hasRawData()) {
      detached.add(name);
    } else {
      asRead.put(name, tensor);
    }
  }

  private static ValueInfo valueInfo(ValueInfoProto proto) {
    if (!proto.getType().hasTensorType()) {
      return new ValueInfo(proto.getName(), null, null);
    }
    TypeProto.Tensor type = proto.getType().getTensorType();
    DataType elements = ElementTypes.ofCode(type.getElemType());
    return new ValueInfo(proto.getName(), elements, type.hasShape() ? dimensions(type) : null);
  }

  private static List<Dimension> dimensions(TypeProto.Tensor type) {
    var dimensions = new ArrayList<Dimension>();
    for (TensorShapeProto.Dimension dimension : type.getShape().getDimList()) {
      dimensions.add(
          dimension.hasDimValue() && dimension.getDimValue() > 0
              ? new Dimension.Fixed(dimension.getDimValue())
              : new Dimension.Symbolic(dimension.getDimParam()));
    }
    return dimensions;
  }
}
