package falcon.model.onnx;

import com.google.protobuf.ByteString;
import falcon.model.Attribute;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.AttributeProto.AttributeType;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.onnx.proto.TensorShapeProto;
import falcon.model.onnx.proto.TypeProto;
import falcon.model.onnx.proto.ValueInfoProto;

/// Converts a [Network] that was built in memory to a file's message.
final class FreshModel {
  private static final long IR_VERSION = 8;

  private FreshModel() {}

  static ModelProto of(Network network) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName(network.name());
    network.nodes().forEach(node -> graph.addNode(node(node)));
    network
        .initializers()
        .forEach((name, tensor) -> graph.addInitializer(tensor(tensor).setName(name)));
    network.inputs().forEach(input -> graph.addInput(valueInfo(input)));
    network.outputs().forEach(output -> graph.addOutput(valueInfo(output)));
    ModelProto.Builder model =
        ModelProto.newBuilder().setIrVersion(IR_VERSION).setProducerName("falcon").setGraph(graph);
    network
        .opsets()
        .forEach((domain, version) ->
            model.addOpsetImport(
                OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version)));
    network
        .metadata()
        .forEach((key, value) -> model.addMetadataProps(ModelWriter.entry(key, value)));
    return model.build();
  }

  /// Returns the attribute of a `Constant` node that holds a tensor.
  static AttributeProto value(Tensor tensor) {
    return AttributeProto.newBuilder()
        .setName("value")
        .setT(tensor(tensor))
        .setType(AttributeType.TENSOR)
        .build();
  }

  private static NodeProto node(Node node) {
    NodeProto.Builder proto =
        NodeProto.newBuilder()
            .addAllInput(node.inputs())
            .addAllOutput(node.outputs())
            .setName(node.name())
            .setOpType(node.opType());
    if (!node.domain().isEmpty()) {
      proto.setDomain(node.domain());
    }
    node.attributes()
        .forEach((name, attribute) -> proto.addAttribute(attribute(node, name, attribute)));
    return proto.build();
  }

  private static AttributeProto attribute(Node node, String name, Attribute attribute) {
    AttributeProto.Builder proto = AttributeProto.newBuilder().setName(name);
    switch (attribute) {
      case Attribute.IntegerValue it -> proto.setI(it.value()).setType(AttributeType.INT);
      case Attribute.FloatValue it -> proto.setF(it.value()).setType(AttributeType.FLOAT);
      case Attribute.StringValue it ->
          proto.setS(ByteString.copyFromUtf8(it.value())).setType(AttributeType.STRING);
      case Attribute.TensorValue it -> proto.setT(tensor(it.value())).setType(AttributeType.TENSOR);
      case Attribute.IntegerList it -> proto.addAllInts(it.values()).setType(AttributeType.INTS);
      case Attribute.FloatList it -> proto.addAllFloats(it.values()).setType(AttributeType.FLOATS);
      case Attribute.StringList it -> {
        it.values().forEach(value -> proto.addStrings(ByteString.copyFromUtf8(value)));
        proto.setType(AttributeType.STRINGS);
      }
      case Attribute.GraphValue _,
          Attribute.GraphList _,
          Attribute.Reference _,
          Attribute.Opaque _ ->
          throw new IllegalArgumentException(
              "attribute '%s' of %s can only be written by a network that was read from ONNX"
                  .formatted(name, node.label()));
    }
    return proto.build();
  }

  /// Returns the message of a tensor without a name; the elements are shared, not copied.
  static TensorProto.Builder tensor(Tensor tensor) {
    return TensorProto.newBuilder()
        .addAllDims(tensor.shape())
        .setDataType(tensor.type().onnxCode())
        .setRawData(ModelWriter.elements(tensor));
  }

  private static ValueInfoProto valueInfo(ValueInfo info) {
    ValueInfoProto.Builder proto = ValueInfoProto.newBuilder().setName(info.name());
    if (info.type() == null) {
      return proto.build();
    }
    TypeProto.Tensor.Builder type =
        TypeProto.Tensor.newBuilder().setElemType(info.type().onnxCode());
    if (info.dimensions() != null) {
      TensorShapeProto.Builder shape = type.getShapeBuilder();
      for (Dimension dimension : info.dimensions()) {
        switch (dimension) {
          case Dimension.Fixed(long size) -> shape.addDimBuilder().setDimValue(size);
          case Dimension.Symbolic(String name) -> {
            TensorShapeProto.Dimension.Builder open = shape.addDimBuilder();
            if (!name.isEmpty()) {
              open.setDimParam(name);
            }
          }
        }
      }
    }
    return proto.setType(TypeProto.newBuilder().setTensorType(type)).build();
  }
}
