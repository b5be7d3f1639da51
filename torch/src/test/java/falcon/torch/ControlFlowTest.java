package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Inlined control flow yields the numbers of ONNX Runtime, which executes it directly.
@Tag("native")
class ControlFlowTest {
  private final SplittableRandom random = new SplittableRandom(7);

  @TempDir Path folder;

  /// Returns a loop with weights, its iteration's number, a value of the graph around it, a branch
  /// that changes from iteration to iteration, carried values and stacked ones.
  @ParameterizedTest
  @CsvSource({"11, 3", "17, 1", "17, 4"})
  void loopsEqualOnnxRuntime(long opset, long trips) throws IOException, OrtException {
    GraphProto.Builder early =
        GraphProto.newBuilder()
            .addInitializer(noise("w", 4, 4))
            .addNode(node("MatMul", "m", "h", "w"))
            .addNode(node("Add", "a", "m", "x"))
            .addOutput(value("a", 1));
    GraphProto.Builder late =
        GraphProto.newBuilder()
            .addInitializer(noise("w", 4))
            .addNode(node("Mul", "m", "h", "w"))
            .addOutput(value("m", 1));
    GraphProto.Builder body =
        GraphProto.newBuilder()
            .addInput(scalar("i", 7))
            .addInput(scalar("going", 9))
            .addInput(value("h", 1))
            .addInput(value("last", 1))
            .addNode(node("Cast", "real", "i").addAttribute(number("to", 1)))
            .addNode(node("Less", "isEarly", "real", "two"))
            .addNode(
                node("If", "k", "isEarly")
                    .addAttribute(body("then_branch", early))
                    .addAttribute(body("else_branch", late)))
            .addNode(node("Tanh", "next", "k"))
            .addNode(node("Identity", "still", "going"))
            .addNode(node("Mul", "row", "next", "real"))
            .addOutput(scalar("still", 9))
            .addOutput(value("next", 1))
            .addOutput(value("h", 1))
            .addOutput(value("row", 1));
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .addInput(value("x", 1, 2, 4))
            .addInitializer(tensor("trips", Tensor.ofLongs(List.of(), trips)))
            .addInitializer(tensor("two", Tensor.ofFloats(List.of(), 2)))
            .addNode(
                node("Loop", "last", "trips", "", "x", "x")
                    .addOutput("before")
                    .addOutput("rows")
                    .addAttribute(body("body", body)))
            .addNode(node("Relu", "y", "last"))
            .addOutput(value("y", 1))
            .addOutput(value("before", 1))
            .addOutput(value("rows", 1));
    assertEqualsOnnxRuntime(graph, opset);
  }

  @Test
  void branchesThatGiveBackWhatTheyDoNotMakeEqualOnnxRuntime() throws IOException, OrtException {
    GraphProto.Builder branch =
        GraphProto.newBuilder()
            .addInitializer(noise("constant", 2, 4))
            .addNode(node("Relu", "r", "x"))
            .addNode(node("Identity", "passed", "outer"))
            .addOutput(value("constant", 1))
            .addOutput(value("passed", 1))
            .addOutput(value("r", 1));
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .addInput(value("x", 1, 2, 4))
            .addInitializer(tensor("rank", Tensor.ofLongs(List.of(), 2)))
            .addNode(node("Sigmoid", "outer", "x"))
            .addNode(node("Shape", "shape", "x"))
            .addNode(node("Size", "size", "shape"))
            .addNode(node("Equal", "go", "size", "rank"))
            .addNode(
                node("If", "a", "go")
                    .addAllOutput(List.of("b", "c"))
                    .addAttribute(body("then_branch", branch))
                    .addAttribute(body("else_branch", branch)));
    for (String output : List.of("a", "b", "c")) {
      graph.addOutput(value(output, 1));
    }
    assertEqualsOnnxRuntime(graph, 17);
  }

  @Test
  void branchThatDataChoosesIsRefused() throws IOException {
    GraphProto.Builder branch =
        GraphProto.newBuilder().addNode(node("Relu", "r", "x")).addOutput(value("r", 1));
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .addInput(value("x", 1, 1))
            .addNode(node("Cast", "go", "x").addAttribute(number("to", 9)))
            .addNode(
                node("If", "y", "go")
                    .addAttribute(body("then_branch", branch))
                    .addAttribute(body("else_branch", branch)))
            .addOutput(value("y", 1));
    Network network = OnnxFile.read(saved(graph, 17));
    Map<String, Tensor> inputs = Map.of("x", Tensor.ofFloats(List.of(1L), 1));
    assertThatThrownBy(() -> Forward.run(network, inputs, Precision.FLOAT32))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("If node that makes 'y' cannot be executed: what it runs must follow")
        .hasMessageContaining("‹input shape›");
  }

  private void assertEqualsOnnxRuntime(GraphProto.Builder graph, long opset)
      throws IOException, OrtException {
    Path file = saved(graph, opset);
    Network network = OnnxFile.read(file);
    assertThat(network.nodes()).noneMatch(node -> node.is("If") || node.is("Loop"));
    Map<String, Tensor> inputs = Map.of("x", noise(2, 4));
    List<Tensor> own = Forward.run(network, inputs, Precision.FLOAT32);
    assertThat(Comparison.difference(own, OnnxRuntime.run(file, inputs), 1e-5, 1e-6)).isEmpty();
  }

  private Path saved(GraphProto.Builder graph, long opset) throws IOException {
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(8)
            .setGraph(graph.setName("graph"))
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
            .build();
    return Files.write(folder.resolve("model.onnx"), model.toByteArray());
  }

  private Tensor noise(long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    var values = new float[Math.toIntExact(Tensor.elements(sizes))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.ofFloats(sizes, values);
  }

  private TensorProto noise(String name, long... shape) {
    return tensor(name, noise(shape));
  }

  private static TensorProto tensor(String name, Tensor tensor) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(tensor.type().onnxCode())
        .addAllDims(tensor.shape())
        .setRawData(ByteString.copyFrom(tensor.bytes()))
        .build();
  }

  private static NodeProto.Builder node(String opType, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(opType)
        .addOutput(output)
        .addAllInput(Arrays.asList(inputs));
  }

  private static AttributeProto body(String name, GraphProto.Builder graph) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.GRAPH)
        .setG(graph.setName(name))
        .build();
  }

  private static AttributeProto number(String name, long value) {
    return AttributeProto.newBuilder().setName(name).setType(AttributeType.INT).setI(value).build();
  }

  private static ValueInfoProto scalar(String name, int type) {
    TypeProto.Tensor.Builder tensor = TypeProto.Tensor.newBuilder().setElemType(type);
    tensor.getShapeBuilder();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  private static ValueInfoProto value(String name, int type, long... shape) {
    TypeProto.Tensor.Builder tensor = TypeProto.Tensor.newBuilder().setElemType(type);
    for (long size : shape) {
      tensor.getShapeBuilder().addDimBuilder().setDimValue(size);
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }
}
