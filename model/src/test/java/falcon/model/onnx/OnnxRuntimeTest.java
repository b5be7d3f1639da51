package falcon.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import falcon.model.Network;
import falcon.model.ShapeInference;
import falcon.model.Shapes;
import falcon.model.Tensor;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.ValueInfoProto;
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
import org.junit.jupiter.params.provider.ValueSource;

/// What ONNX Runtime makes of the files that Falcon writes.
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
    assertShapesEqual(SharedModels.path(name));
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
