package falcon.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import falcon.model.Network;
import falcon.model.SharedData;
import falcon.model.Tensor;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.ValueInfoProto;
import falcon.model.shape.ShapeInference;
import falcon.model.shape.Shapes;
import falcon.model.zoo.Architecture;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// ONNX Runtime accepts the files that Falcon writes and computes the same results.
@Tag("native")
class OnnxRuntimeTest {
  @TempDir Path folder;

  @Test
  void onnxRuntimeRunsTheExportedResNet20() throws OrtException {
    Path path = folder.resolve("resnet20.onnx");
    OnnxFile.write(Architecture.RESNET20.initial(1, 28, 28, 7, 3), path);
    Map<String, List<Long>> shapes = run(path, Map.of("input", List.of(4L, 1L, 28L, 28L)));
    assertThat(shapes).containsExactly(Map.entry("logits", List.of(4L, 7L)));
  }

  @Test
  void shapesOfResNet20EqualThoseOfOnnxRuntime() throws IOException, OrtException {
    Path path = folder.resolve("resnet20.onnx");
    OnnxFile.write(Architecture.RESNET20.initial(3, 33, 31, 10, 3), path);
    assertShapesEqual(path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"models/densenetbc_k12_cifar10.onnx", "models/vit_d128_l6_cifar10.onnx"})
  void shapesOfEveryValueEqualThoseOfOnnxRuntime(String name) throws IOException, OrtException {
    assertShapesEqual(SharedData.path(name));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operators")
  void shapesOfEachOperatorEqualThoseOfOnnxRuntime(SmallGraph graph)
      throws IOException, OrtException {
    Path path = folder.resolve("small.onnx");
    OnnxFile.write(graph.network(), path);
    assertShapesEqual(path);
  }

  static List<SmallGraph> operators() {
    return List.of(
        graph("Conv", 2, 4, 9, 7).floats(6, 2, 3, 3).set("group", 2).set("strides", 2, 3),
        graph("Conv", 2, 4, 9, 7).floats(6, 4, 3, 2).set("pads", 1, 0, 2, 1),
        graph("Conv", 2, 4, 9, 7).floats(6, 4, 3, 3).set("dilations", 2, 2),
        graph("Conv", 2, 4, 9, 7)
            .floats(6, 4, 3, 3)
            .set("auto_pad", "SAME_UPPER")
            .set("strides", 2, 2),
        graph("Conv", 2, 4, 9, 7).floats(6, 4, 3, 3).set("auto_pad", "VALID"),
        graph("Conv", 2, 4, 9).floats(6, 4, 3),
        graph("Conv", 2, 4, 5, 6, 7).floats(6, 4, 2, 3, 3),
        graph("ConvTranspose", 2, 4, 5, 6).floats(4, 3, 3, 3).set("strides", 2, 3),
        graph("ConvTranspose", 2, 4, 5, 6)
            .floats(4, 3, 3, 3)
            .set("strides", 2, 2)
            .set("pads", 1, 1, 1, 1)
            .set("output_padding", 1, 1)
            .set("dilations", 1, 2),
        graph("MaxPool", 2, 4, 9, 7).set("kernel_shape", 3, 2).set("strides", 2, 2),
        graph("MaxPool", 2, 4, 9, 8)
            .set("kernel_shape", 3, 3)
            .set("strides", 2, 2)
            .set("ceil_mode", 1),
        graph("MaxPool", 2, 4, 6, 6)
            .set("kernel_shape", 1, 2)
            .set("strides", 3, 3)
            .set("pads", 0, 1, 0, 1)
            .set("ceil_mode", 1),
        graph("AveragePool", 2, 4, 9, 7).set("kernel_shape", 3, 3).set("pads", 1, 1, 1, 1),
        graph("AveragePool", 2, 4, 9, 7)
            .set("kernel_shape", 3, 3)
            .set("auto_pad", "SAME_LOWER")
            .set("strides", 2, 2),
        graph("GlobalMaxPool", 2, 4, 9, 7),
        graph("Gemm", 3, 4).floats(5, 4).set("transB", 1),
        graph("Gemm", 3, 4).floats(3, 5).set("transA", 1),
        graph("MatMul", 2, 3, 4).floats(4, 5),
        graph("MatMul", 2, 3, 4).floats(5, 1, 4, 2),
        graph("MatMul", 2, 3, 4).floats(4),
        graph("Add", 2, 3, 4).floats(3, 1),
        graph("PRelu", 2, 3, 4).floats(3, 1),
        graph("Flatten", 2, 3, 4).set("axis", 2),
        graph("Flatten", 2, 3, 4).set("axis", -1),
        graph("Reshape", 2, 3, 4).longs(0, -1, 2),
        graph("Transpose", 2, 3, 4).set("perm", 2, 0, 1),
        graph("Transpose", 2, 3, 4),
        graph("Squeeze", 2, 1, 4, 1),
        graph("Squeeze", 2, 1, 4, 1).longs(-1),
        graph("Unsqueeze", 2, 3).longs(-1, 1),
        graph("Concat", 2, 3).floats(2, 5).set("axis", -1),
        graph("Slice", 9, 8).longs(1, -3).longs(-1, 1000).longs(0, 1).longs(2, 1),
        graph("Slice", 9, 8).longs(-2).longs(Long.MIN_VALUE).longs(1).longs(-3),
        graph("Slice", 9, 8).longs(7).longs(2),
        graph("Gather", 5, 6).longs(1, 2, 0).set("axis", 1),
        graph("Pad", 2, 3).longs(1, 0, 2, 3),
        graph("Expand", 3, 1).longs(2, 1, 4),
        graph("Tile", 2, 3).longs(2, 1),
        graph("ReduceMean", 2, 3, 4).set("axes", 1, -1),
        graph("ReduceMean", 2, 3, 4).set("axes", 1).set("keepdims", 0),
        graph("ReduceSum", 2, 3, 4).longs(0).set("keepdims", 0),
        graph("ReduceMax", 2, 3, 4),
        graph("ArgMax", 2, 3, 4).set("axis", -1).set("keepdims", 0),
        graph("DepthToSpace", 2, 8, 3, 4).set("blocksize", 2),
        graph("SpaceToDepth", 2, 8, 4, 6).set("blocksize", 2),
        graph("LayerNormalization", 2, 3, 4).floats(4),
        graph("Split", 2, 6).outputs(3).set("axis", 1),
        graph("Split", 2, 6).longs(1, 5).outputs(2).set("axis", -1),
        graph("Shape", 2, 3, 4).set("start", -2));
  }

  private static SmallGraph graph(String opType, long... inputShape) {
    return new SmallGraph(opType, inputShape);
  }

  private void assertShapesEqual(Path path) throws IOException, OrtException {
    Network network = OnnxFile.read(path);
    Map<String, List<Long>> inputs = ShapeInference.inputShapes(network, 3);
    Shapes inferred = ShapeInference.infer(network, inputs);
    Path open = folder.resolve("all.onnx");
    Set<String> values = writeWithAllOutputs(path, open);
    Map<String, List<Long>> actual = run(open, inputs);
    assertThat(actual.keySet()).containsAll(values);
    actual.forEach((value, shape) -> assertThat(inferred.of(value)).as(value).isEqualTo(shape));
  }

  /// Copies a model with every value made by a node an output.
  private static Set<String> writeWithAllOutputs(Path from, Path to) throws IOException {
    ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(from)).toBuilder();
    var outputs = new HashSet<String>();
    model.getGraph().getOutputList().forEach(output -> outputs.add(output.getName()));
    for (NodeProto node : model.getGraph().getNodeList()) {
      for (String output : node.getOutputList()) {
        if (outputs.add(output)) {
          model.getGraphBuilder().addOutput(ValueInfoProto.newBuilder().setName(output));
        }
      }
    }
    Files.write(to, model.build().toByteArray());
    return outputs;
  }

  private static Map<String, List<Long>> run(Path path, Map<String, List<Long>> inputs)
      throws OrtException {
    var tensors = new LinkedHashMap<String, OnnxTensor>();
    var shapes = new LinkedHashMap<String, List<Long>>();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(path.toString(), options)) {
        for (var input : inputs.entrySet()) {
          long[] shape = input.getValue().stream().mapToLong(Long::longValue).toArray();
          var data = FloatBuffer.allocate(Math.toIntExact(Tensor.elements(input.getValue())));
          tensors.put(input.getKey(), OnnxTensor.createTensor(environment, data, shape));
        }
        try (OrtSession.Result result = session.run(tensors)) {
          for (Map.Entry<String, OnnxValue> output : result) {
            var shape = new ArrayList<Long>();
            for (long size : ((TensorInfo) output.getValue().getInfo()).getShape()) {
              shape.add(size);
            }
            shapes.put(output.getKey(), shape);
          }
        }
      } finally {
        tensors.values().forEach(OnnxTensor::close);
      }
    }
    return shapes;
  }
}
