package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import com.google.protobuf.ByteString;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.grid.Comparison;
import falcon.model.onnx.OnnxFile;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.AttributeProto.AttributeType;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.onnx.proto.TypeProto;
import falcon.model.onnx.proto.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Messages of ONNX files, for what networks in memory do not have: functions, operators of other
/// domains, bodies.
final class Protos {
  private Protos() {}

  static NodeProto.Builder node(String domain, String opType, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setDomain(domain)
        .setOpType(opType)
        .addOutput(output)
        .addAllInput(Arrays.asList(inputs));
  }

  static AttributeProto number(String name, long value) {
    return AttributeProto.newBuilder().setName(name).setType(AttributeType.INT).setI(value).build();
  }

  static AttributeProto real(String name, double value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.FLOAT)
        .setF((float) value)
        .build();
  }

  static AttributeProto reals(String name, double... values) {
    AttributeProto.Builder list =
        AttributeProto.newBuilder().setName(name).setType(AttributeType.FLOATS);
    Arrays.stream(values).forEach(value -> list.addFloats((float) value));
    return list.build();
  }

  static AttributeProto numbers(String name, long... values) {
    AttributeProto.Builder list =
        AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
    Arrays.stream(values).forEach(list::addInts);
    return list.build();
  }

  static AttributeProto text(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  static AttributeProto tensor(String name, Tensor value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.TENSOR)
        .setT(constant("", value))
        .build();
  }

  /// An attribute of the call.
  static AttributeProto reference(String name, AttributeType type, String attribute) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(type)
        .setRefAttrName(attribute)
        .build();
  }

  static AttributeProto body(String name, GraphProto.Builder graph) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.GRAPH)
        .setG(graph.setName(name))
        .build();
  }

  static TensorProto constant(String name, Tensor tensor) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(tensor.type().onnxCode())
        .addAllDims(tensor.shape())
        .setRawData(ByteString.copyFrom(tensor.bytes()))
        .build();
  }

  static ValueInfoProto value(String name, int type, long... shape) {
    TypeProto.Tensor.Builder tensor = TypeProto.Tensor.newBuilder().setElemType(type);
    for (long size : shape) {
      tensor.getShapeBuilder().addDimBuilder().setDimValue(size);
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  static ModelProto.Builder model(GraphProto.Builder graph, long opset) {
    return ModelProto.newBuilder()
        .setIrVersion(10)
        .setGraph(graph.setName("graph"))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("com.microsoft").setVersion(1))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1));
  }

  static Tensor noise(SplittableRandom random, long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    var values = new float[Math.toIntExact(Tensor.elements(sizes))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.ofFloats(sizes, values);
  }

  /// Runs a file by ONNX Runtime and here.
  ///
  /// @return the network as it was read
  static Network assertEqualsOnnxRuntime(
      ModelProto.Builder model, Path file, Map<String, Tensor> inputs)
      throws IOException, OrtException {
    Files.write(file, model.build().toByteArray());
    List<Tensor> expected = OnnxRuntime.run(file, inputs);
    Network network = OnnxFile.read(file);
    List<Tensor> own = Forward.run(network, inputs, Precision.FLOAT32);
    assertThat(Comparison.difference(own, expected, 1e-4, 2e-5)).isEmpty();
    return network;
  }
}
