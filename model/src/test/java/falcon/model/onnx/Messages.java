package falcon.model.onnx;

import falcon.model.DataType;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.onnx.proto.ValueInfoProto;

/// Small messages of ONNX files.
final class Messages {
  private Messages() {}

  /// Returns a model whose output is its first tensor.
  static ModelProto model(TensorProto.Builder... tensors) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("small");
    graph.addNode(identity(tensors[0].getName(), "y"));
    for (TensorProto.Builder tensor : tensors) {
      graph.addInitializer(tensor);
    }
    graph.addOutput(ValueInfoProto.newBuilder().setName("y"));
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .setGraph(graph)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
        .build();
  }

  static NodeProto identity(String input, String output) {
    return NodeProto.newBuilder().setOpType("Identity").addInput(input).addOutput(output).build();
  }

  static NodeProto constant(String output, AttributeProto value) {
    return NodeProto.newBuilder()
        .setOpType("Constant")
        .addOutput(output)
        .addAttribute(value)
        .build();
  }

  static TensorProto.Builder tensor(String name, DataType type, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(type.onnxCode());
    for (long size : shape) {
      tensor.addDims(size);
    }
    return tensor;
  }

  /// Returns a float32 tensor `x` at a place.
  static TensorProto.Builder external(String location, String offset, String length) {
    return tensor("x", DataType.FLOAT32, 1)
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(ModelWriter.entry("location", location))
        .addExternalData(ModelWriter.entry("offset", offset))
        .addExternalData(ModelWriter.entry("length", length));
  }
}
