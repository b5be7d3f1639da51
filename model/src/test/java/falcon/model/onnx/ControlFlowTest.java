package falcon.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.AttributeProto.AttributeType;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.onnx.proto.TypeProto;
import falcon.model.onnx.proto.ValueInfoProto;
import falcon.model.shape.ControlFlow;
import falcon.model.shape.Obstacle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Bodies of `If` and `Loop` are inlined into the graph where constants and shapes determine the
/// control flow; the file stays unchanged except for changed weights.
@Timeout(60)
class ControlFlowTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void branchThatAConstantChoosesIsPartOfTheGraph(int condition) throws IOException {
    Network network = read(choice().addInitializer(truth("go", condition)));
    String branch = condition == 1 ? "If.0/then_branch/w" : "If.0/else_branch/w";
    assertThat(network.nodes()).extracting(Node::opType).containsExactly("MatMul", "Relu");
    assertThat(network.nodes().getLast().outputs()).containsExactly("y");
    assertThat(network.tensor(branch).toFloats()).containsOnly(condition == 1 ? 2 : 3);
    assertThat(network.initializers()).hasSize(2);
    Layers layers = Layers.of(network);
    assertThat(layers.prunable()).extracting(Layer::tensor).containsExactly(branch);
    assertThat(layers.totalMacs()).isEqualTo(12);
    assertThat(layers.obstacles()).isEmpty();
  }

  @Test
  void fileChangesInTheWeightsOfTheBranchOnly() throws IOException {
    Network network = read(choice().addInitializer(truth("go", 1)));
    Path copy = folder.resolve("copy.onnx");
    OnnxFile.write(network, copy);
    assertThat(copy).hasSameBinaryContentAs(folder.resolve("model.onnx"));
    Tensor pruned = Tensor.ofFloats(List.of(4L, 3L), 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2);
    OnnxFile.write(network.withTensors(Map.of("If.0/then_branch/w", pruned)), copy);
    ModelProto written = ModelProto.parseFrom(Files.readAllBytes(copy));
    GraphProto.Builder expected = choice().addInitializer(truth("go", 1));
    expected
        .getNodeBuilder(0)
        .getAttributeBuilder(0)
        .getGBuilder()
        .getInitializerBuilder(0)
        .setRawData(ModelWriter.elements(pruned));
    assertThat(written.getGraph()).isEqualTo(expected.build());
    assertThat(OnnxFile.read(copy).tensor("If.0/then_branch/w")).isEqualTo(pruned);
  }

  @Test
  void weightsOfABranchStayInTheirFileOfExternalData() throws IOException {
    Files.write(folder.resolve("far.bin"), new byte[48]);
    GraphProto.Builder graph = choice().addInitializer(truth("go", 1));
    graph
        .getNodeBuilder(0)
        .getAttributeBuilder(0)
        .getGBuilder()
        .getInitializerBuilder(0)
        .clearRawData()
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalDataBuilder()
        .setKey("location")
        .setValue("far.bin");
    Network network = read(graph);
    Tensor pruned = Tensor.ofFloats(List.of(4L, 3L), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0);
    Path copy = Files.createDirectory(folder.resolve("copy")).resolve("model.onnx");
    OnnxFile.write(network.withTensors(Map.of("If.0/then_branch/w", pruned)), copy);
    assertThat(copy).hasSameBinaryContentAs(folder.resolve("model.onnx"));
    assertThat(OnnxFile.read(copy).tensor("If.0/then_branch/w")).isEqualTo(pruned);
  }

  @Test
  void conditionOnTheNumberOfExamplesIsNotSettled() throws IOException {
    GraphProto.Builder graph = shapeCondition(0, 32);
    Network network = read(graph);
    assertThat(network.nodes()).extracting(Node::opType).contains("If");
    Obstacle obstacle = Layers.of(network).obstacles().getFirst();
    assertThat(obstacle.toString())
        .contains("If node")
        .contains("depends on data or on the number of examples");
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5})
  void conditionOnAnotherSizeIsSettled(long size) throws IOException {
    Network network = read(shapeCondition(1, size));
    String branch = size == 4 ? "then_branch" : "else_branch";
    assertThat(Layers.of(network).prunable())
        .extracting(Layer::tensor)
        .containsExactly("If.3/" + branch + "/w");
  }

  @Test
  void shapeThatTheUserGivesSettlesACondition() throws IOException {
    GraphProto.Builder graph = shapeCondition(1, 4);
    graph.setInput(0, value("x", 0, 0));
    Network network = read(graph);
    assertThat(network.nodes()).extracting(Node::opType).contains("If");
    Network settled = ControlFlow.withExampleShapes(network, Map.of("x", List.of(4L)));
    assertThat(Layers.of(settled).prunable())
        .extracting(Layer::tensor)
        .containsExactly("If.3/then_branch/w");
    Path copy = folder.resolve("copy.onnx");
    OnnxFile.write(settled, copy);
    assertThat(copy).hasSameBinaryContentAs(folder.resolve("model.onnx"));
  }

  @Test
  void conditionOnDataIsNamed() throws IOException {
    Network network = read(choice().addInput(value("go", 1)));
    Obstacle obstacle = Layers.of(network).obstacles().getFirst();
    assertThat(obstacle.toString()).contains("its branch depends on input 'go'");
    assertThat(obstacle.advice()).contains("‹input›");
  }

  @Test
  void conditionOnTheOnlyInputIsOneOnData() throws IOException {
    GraphProto.Builder graph = choice();
    NodeProto choice = graph.getNode(0);
    Network network =
        read(
            graph
                .clearNode()
                .addNode(node("ReduceMax", "most", "x"))
                .addNode(node("Cast", "go", "most").addAttribute(toBool()))
                .addNode(choice));
    Obstacle obstacle = Layers.of(network).obstacles().getFirst();
    assertThat(obstacle.toString()).contains("depends on data");
    assertThat(obstacle.advice()).doesNotContain("‹input›");
  }

  private static AttributeProto toBool() {
    return AttributeProto.newBuilder()
        .setName("to")
        .setType(AttributeType.INT)
        .setI(DataType.BOOL.onnxCode())
        .build();
  }

  @Test
  void everyIterationOfALoopUsesTheSameWeights() throws IOException {
    Network network = read(loop(longs("trips", 5)));
    assertThat(network.nodes())
        .extracting(Node::opType)
        .containsExactly(
            "MatMul",
            "MatMul",
            "MatMul",
            "MatMul",
            "MatMul",
            "Identity",
            "Unsqueeze",
            "Unsqueeze",
            "Unsqueeze",
            "Unsqueeze",
            "Unsqueeze",
            "Concat");
    Layers layers = Layers.of(network);
    assertThat(layers.prunable()).extracting(Layer::tensor).containsExactly("Loop.0/body/w");
    assertThat(layers.totalMacs()).isEqualTo(5 * 16);
    assertThat(layers.obstacles()).isEmpty();
  }

  @Test
  void loopThatNeverEndsOrRunsTooOftenStays() throws IOException {
    GraphProto.Builder endless = loop(longs("trips", 5));
    endless.getNodeBuilder(0).setInput(0, "");
    GraphProto.Builder empty = loop(longs("trips", Long.MAX_VALUE));
    empty
        .getNodeBuilder(0)
        .getAttributeBuilder(0)
        .getGBuilder()
        .clearNode()
        .setOutput(1, value("h"))
        .setOutput(2, value("h"));
    for (GraphProto.Builder graph :
        List.of(endless, empty, loop(longs("trips", Long.MAX_VALUE)), nested(12))) {
      Network network = read(graph);
      assertThat(network.nodes()).extracting(Node::opType).containsExactly("Loop");
      assertThat(Layers.of(network).obstacles().getFirst().toString())
          .contains("takes more than 32 MiB written out");
    }
  }

  @Test
  void loopOfNoIterationsGivesBackItsStart() throws IOException {
    GraphProto.Builder graph = loop(longs("trips", 0));
    assertThat(read(graph).nodes()).extracting(Node::opType).containsExactly("Loop");
    graph.getNodeBuilder(0).setOutput(1, "");
    graph.removeOutput(1);
    assertThat(read(graph).nodes()).extracting(Node::opType).containsExactly("Identity");
  }

  @Test
  void bodiesMayHideNamesOfTheGraphAroundThem() throws IOException {
    GraphProto.Builder graph = choice().addInitializer(truth("go", 1));
    graph.addInitializer(floats("w", 7, 4, 3)).addInitializer(floats("h", 8, 1));
    Network network = read(graph);
    assertThat(network.tensor("w").toFloats()).containsOnly(7);
    assertThat(network.nodes().getFirst().inputs()).containsExactly("x", "If.0/then_branch/w");
  }

  @Test
  void graphThatNamesAConstantLikeOneOfABodyIsRefused() {
    GraphProto.Builder graph = choice().addInitializer(truth("go", 1));
    graph.addInitializer(floats("If.0/then_branch/w", 7, 4, 3));
    assertThatThrownBy(() -> read(graph))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("two constant tensors are named 'If.0/then_branch/w'");
  }

  @Test
  void branchWithoutTheOutputsOfItsNodeStays() throws IOException {
    GraphProto.Builder graph = choice().addInitializer(truth("go", 1));
    graph.getNodeBuilder(0).getAttributeBuilder(0).getGBuilder().clearOutput();
    assertThat(read(graph).nodes()).extracting(Node::opType).containsExactly("If");
  }

  /// `y = relu(x · w)`, where either branch has a `w` of its own; the condition is `go`.
  private static GraphProto.Builder choice() {
    return GraphProto.newBuilder()
        .addInput(value("x", 0, 4))
        .addOutput(value("y"))
        .addNode(
            node("If", "y", "go")
                .addAttribute(body("then_branch", branch(2)))
                .addAttribute(body("else_branch", branch(3))));
  }

  private static GraphProto.Builder branch(float weight) {
    return GraphProto.newBuilder()
        .addInitializer(floats("w", weight, 4, 3))
        .addNode(node("MatMul", "h", "x", "w"))
        .addNode(node("Relu", "r", "h"))
        .addOutput(value("r"));
  }

  /// [#choice], where the condition is that an axis of the input has that size.
  private static GraphProto.Builder shapeCondition(long axis, long size) {
    GraphProto.Builder graph = choice();
    NodeProto choice = graph.getNode(0);
    return graph
        .clearNode()
        .addNode(node("Shape", "shape", "x"))
        .addNode(node("Gather", "size", "shape", "axis"))
        .addNode(node("Equal", "go", "size", "wanted"))
        .addNode(choice)
        .addInitializer(longs("axis", axis))
        .addInitializer(longs("wanted", size));
  }

  /// Returns a loop of `x ← x · w` with the last x and all x as outputs.
  private static GraphProto.Builder loop(TensorProto trips) {
    GraphProto.Builder body =
        GraphProto.newBuilder()
            .addInput(value("i"))
            .addInput(value("go_in"))
            .addInput(value("h"))
            .addInitializer(floats("w", 0.5f, 4, 4))
            .addNode(node("MatMul", "k", "h", "w"))
            .addOutput(value("go_in"))
            .addOutput(value("k"))
            .addOutput(value("k"));
    return GraphProto.newBuilder()
        .addInput(value("x", 0, 4))
        .addOutput(value("y"))
        .addOutput(value("all"))
        .addInitializer(trips)
        .addNode(
            node("Loop", "y", trips.getName(), "", "x")
                .addOutput("all")
                .addAttribute(body("body", body)));
  }

  /// Returns nested loops of ten iterations each.
  private static GraphProto.Builder nested(int depth) {
    GraphProto.Builder graph = loop(longs("trips", 10));
    for (int i = 1; i < depth; i++) {
      NodeProto.Builder inner = graph.getNodeBuilder(0).setInput(2, "h").setOutput(0, "k");
      GraphProto.Builder next = loop(longs("trips", 10));
      next.getNodeBuilder(0)
          .getAttributeBuilder(0)
          .getGBuilder()
          .clearNode()
          .addNode(inner.clone().setOutput(1, ""));
      graph = next;
    }
    return graph;
  }

  private Network read(GraphProto.Builder graph) throws IOException {
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(8)
            .setGraph(graph)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .build();
    Path path = folder.resolve("model.onnx");
    Files.write(path, model.toByteArray());
    return OnnxFile.read(path);
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
        .setG(graph)
        .build();
  }

  /// @param shape 0 for an open axis
  private static ValueInfoProto value(String name, long... shape) {
    TypeProto.Tensor.Builder type =
        TypeProto.Tensor.newBuilder().setElemType(DataType.FLOAT32.onnxCode());
    for (long size : shape) {
      if (size == 0) {
        type.getShapeBuilder().addDimBuilder().setDimParam("n");
      } else {
        type.getShapeBuilder().addDimBuilder().setDimValue(size);
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(type))
        .build();
  }

  private static TensorProto floats(String name, float value, long... shape) {
    int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat(value);
    }
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(DataType.FLOAT32.onnxCode())
        .addAllDims(Arrays.stream(shape).boxed().toList())
        .setRawData(ByteString.copyFrom(bytes.array()))
        .build();
  }

  private static TensorProto longs(String name, long value) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(DataType.INT64.onnxCode())
        .addInt64Data(value)
        .build();
  }

  private static TensorProto truth(String name, int value) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(DataType.BOOL.onnxCode())
        .addInt32Data(value)
        .build();
  }
}
