package falcon.model.fuzz;

import static falcon.model.fuzz.Corpus.graph;
import static falcon.model.fuzz.Corpus.node;
import static falcon.model.fuzz.Corpus.raw;
import static falcon.model.fuzz.Corpus.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.layer.WeightUses;
import falcon.model.onnx.OnnxFile;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import falcon.model.onnx.proto.SparseTensorProto;
import falcon.model.onnx.proto.TensorProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Models that are valid messages but contradict themselves, or have extreme shapes.
class HostileGraphTest {
  private static final int CHAIN = 100_000;
  private static final int MANY = 1 << 18;

  private static final AttributeProto ATTRIBUTE =
      AttributeProto.newBuilder()
          .setName("then_branch")
          .setType(AttributeProto.AttributeType.GRAPH)
          .build();

  @TempDir Path folder;

  @Test
  void circlesAreRefused() throws IOException {
    assertRefused(
        GraphProto.newBuilder()
            .addInput(value("x"))
            .addNode(node("Add", "a", "x", "c"))
            .addNode(node("Relu", "b", "a"))
            .addNode(node("Relu", "c", "b")),
        "Add node 'a' depends on its own output, or on a node that does");
  }

  @Test
  void namesThatAreThereTwiceAreRefused() throws IOException {
    TensorProto.Builder weights = raw("w", 1, 1).addFloatData(1);
    assertRefused(
        GraphProto.newBuilder().addInitializer(weights).addInitializer(weights),
        "two constant tensors are named 'w'");
    assertRefused(
        GraphProto.newBuilder().addInput(value("x")).addInput(value("x")),
        "two values are named 'x'");
    assertRefused(
        GraphProto.newBuilder()
            .addInput(value("x"))
            .addNode(node("Relu", "y", "x"))
            .addNode(node("Relu", "y", "x")),
        "makes value 'y', which exists already");
    assertRefused(
        GraphProto.newBuilder()
            .addNode(
                node("Relu", "y")
                    .addAttribute(AttributeProto.newBuilder().setName("a").setI(1))
                    .addAttribute(AttributeProto.newBuilder().setName("a").setI(2))),
        "has two attributes 'a'");
  }

  @Test
  void valuesThatNothingMakesAreRefused() throws IOException {
    assertRefused(
        GraphProto.newBuilder().addNode(node("Relu", "y", "nothing")),
        "Relu node 'y' needs value 'nothing', which nothing makes");
    assertRefused(
        GraphProto.newBuilder().addOutput(value("nothing")),
        "graph output needs value 'nothing', which nothing makes");
    GraphProto body = GraphProto.newBuilder().addNode(node("Relu", "in", "nothing")).build();
    assertRefused(
        GraphProto.newBuilder()
            .addInput(value("x"))
            .addNode(node("If", "y", "x").addAttribute(graph("then_branch", body))),
        "needs value 'nothing', which nothing makes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Identity", "Transpose", "Relu"})
  void longChainsCostNoStack(String opType) throws IOException {
    GraphProto.Builder graph =
        GraphProto.newBuilder().addInitializer(raw("v0", 1, 1, 1).addFloatData(1));
    for (int i = 0; i < CHAIN; i++) {
      graph.addNode(node(opType, "v" + (i + 1), "v" + i));
    }
    // The last node comes first, so that sorting has work to do.
    var nodes = new ArrayList<>(graph.getNodeList());
    Collections.reverse(nodes);
    graph.clearNode().addAllNode(nodes).addOutput(value("v" + CHAIN));
    Network network = read(graph);
    assertThat(network.nodes()).hasSize(CHAIN);
    assertThat(network.nodes().getLast().outputs()).containsExactly("v" + CHAIN);
    WeightUses uses = WeightUses.of(network, "v0");
    assertThat(uses.uses()).isEmpty();
    assertThat(uses.others()).hasSize(opType.equals("Relu") ? 1 : 0);
  }

  @Test
  void manyReadersOfManyIdentitiesAreEachSeenOnce() throws IOException {
    GraphProto.Builder graph =
        GraphProto.newBuilder().addInitializer(raw("v0", 1, 1, 1).addFloatData(1));
    // Each node reads the previous one twice: 2^60 paths lead to the last.
    for (int i = 0; i < 60; i++) {
      graph.addNode(node("Identity", "v" + (i + 1), "v" + i, "v" + i));
    }
    graph.addNode(node("MatMul", "y", "v60", "v60")).addOutput(value("y"));
    assertThat(WeightUses.of(read(graph), "v0").uses()).hasSize(2);
  }

  @Test
  void bodiesInBodiesAreReadToAnyDepthOrRefused() throws IOException {
    for (int depth : new int[] {1, 10, 30, 200, 5000}) {
      ByteString body =
          GraphProto.newBuilder().addNode(node("Relu", "in", "x")).build().toByteString();
      NodeProto outer = node("If", "y", "x").build();
      for (int i = 0; i < depth; i++) {
        ByteString attribute =
            field(AttributeProto.G_FIELD_NUMBER, body).concat(ATTRIBUTE.toByteString());
        ByteString inner =
            outer.toByteString().concat(field(NodeProto.ATTRIBUTE_FIELD_NUMBER, attribute));
        body = field(GraphProto.NODE_FIELD_NUMBER, inner);
      }
      ByteString graph =
          body.concat(GraphProto.newBuilder().addInput(value("x")).build().toByteString());
      ByteString rest =
          ModelProto.newBuilder()
              .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
              .build()
              .toByteString();
      Path path = folder.resolve("model.onnx");
      Files.write(path, field(ModelProto.GRAPH_FIELD_NUMBER, graph).concat(rest).toByteArray());
      if (depth <= 30) {
        assertThat(OnnxFile.read(path).consumers("x")).hasSize(1);
      } else {
        assertThatThrownBy(() -> OnnxFile.read(path))
            .isInstanceOf(MalformedModelException.class)
            .hasMessageContaining("too many levels of nesting");
      }
    }
  }

  private static ByteString field(int number, ByteString content) {
    return UnknownFieldSet.newBuilder()
        .addField(number, UnknownFieldSet.Field.newBuilder().addLengthDelimited(content).build())
        .build()
        .toByteString();
  }

  @Test
  void strangeNamesAndEmptyTensorsAreKept() throws IOException {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .addInitializer(raw("a\0b", 1, 0, 5))
            .addInitializer(raw("", 1, 2).addFloatData(1).addFloatData(2))
            .addInitializer(raw("../é\n", 1, 3, 0).setRawData(ByteString.EMPTY))
            .addNode(node("Relu", "y\0", "a\0b"))
            .addOutput(value("y\0"));
    Path path = saved(graph);
    Network network = OnnxFile.read(path);
    assertThat(network.tensor("a\0b").size()).isZero();
    assertThat(network.tensor("../é\n").shape()).containsExactly(3L, 0L);
    OnnxFile.write(network, folder.resolve("copy.onnx"));
    assertThat(folder.resolve("copy.onnx")).hasSameBinaryContentAs(path);
  }

  @Test
  void shapesThatOverflowAreRefused() throws IOException {
    for (long[] shape :
        new long[][] {
          {Long.MAX_VALUE, 2},
          {1L << 32, 1L << 32},
          {-1, -1},
          {Long.MIN_VALUE, -1},
          {1L << 31}
        }) {
      Path path = saved(GraphProto.newBuilder().addInitializer(raw("w", 1, shape)));
      assertThatThrownBy(() -> OnnxFile.read(path))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining("tensor 'w' has the shape");
    }
  }

  /// Files that take the most memory for their length.
  @Test
  void dearestFilesStayWithinTheStatedMemory() throws IOException {
    var trial = new Trial(folder);
    trial.run(
        Trial.Reader.ONNX,
        model(
            GraphProto.newBuilder()
                .addInitializer(raw("w", 7, MANY).addAllInt64Data(Collections.nCopies(MANY, 0L)))));
    trial.run(
        Trial.Reader.ONNX,
        model(
            GraphProto.newBuilder()
                .addInitializer(raw("w", 2, MANY).addAllInt32Data(Collections.nCopies(MANY, 0)))));
    GraphProto.Builder nodes = GraphProto.newBuilder();
    GraphProto.Builder initializers = GraphProto.newBuilder();
    GraphProto.Builder sparse = GraphProto.newBuilder();
    NodeProto.Builder attributes = NodeProto.newBuilder().setOpType("Relu");
    AttributeProto.Builder bodies =
        AttributeProto.newBuilder().setType(AttributeProto.AttributeType.GRAPHS);
    for (int i = 0; i < MANY; i++) {
      nodes.addNode(NodeProto.newBuilder().setOpType("R"));
      initializers.addInitializer(TensorProto.getDefaultInstance());
      sparse.addSparseInitializer(SparseTensorProto.getDefaultInstance());
      attributes.addAttribute(AttributeProto.getDefaultInstance());
      bodies.addGraphs(GraphProto.getDefaultInstance());
    }
    trial.run(Trial.Reader.ONNX, model(nodes));
    trial.run(Trial.Reader.ONNX, model(initializers));
    trial.run(Trial.Reader.ONNX, model(sparse));
    trial.run(Trial.Reader.ONNX, model(GraphProto.newBuilder().addNode(attributes)));
    trial.run(
        Trial.Reader.ONNX,
        model(
            GraphProto.newBuilder()
                .addNode(NodeProto.newBuilder().setOpType("R").addAttribute(bodies))));
  }

  private Network read(GraphProto.Builder graph) throws IOException {
    return OnnxFile.read(saved(graph));
  }

  private void assertRefused(GraphProto.Builder graph, String message) throws IOException {
    Path path = saved(graph);
    assertThatThrownBy(() -> OnnxFile.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(message);
  }

  private Path saved(GraphProto.Builder graph) throws IOException {
    return Files.write(folder.resolve("model.onnx"), model(graph));
  }

  private static byte[] model(GraphProto.Builder graph) {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .setGraph(graph)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
        .build()
        .toByteArray();
  }
}
