package falcon.model.onnx;

import static falcon.model.onnx.Messages.constant;
import static falcon.model.onnx.Messages.identity;
import static falcon.model.onnx.Messages.model;
import static falcon.model.onnx.Messages.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.SharedData;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.layer.Layers;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.TensorProto;
import falcon.model.zoo.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxFileTest {
  @TempDir Path folder;

  @Test
  void writingReadingAndWritingGivesTheSameBytes() throws IOException {
    Network built = Architecture.RESNET20.initial(3, 32, 32, 10, 7);
    OnnxFile.write(built, folder.resolve("a.onnx"));
    Network read = OnnxFile.read(folder.resolve("a.onnx"));
    OnnxFile.write(read, folder.resolve("b.onnx"));

    assertThat(folder.resolve("b.onnx")).hasSameBinaryContentAs(folder.resolve("a.onnx"));
    assertThat(read.nodes()).isEqualTo(built.nodes());
    assertThat(read.inputs()).isEqualTo(built.inputs());
    assertThat(read.outputs()).isEqualTo(built.outputs());
    assertThat(read.initializers()).isEqualTo(built.initializers());
    assertThat(read.metadata()).isEqualTo(built.metadata());
    assertThat(read.opsets()).isEqualTo(built.opsets());
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"models/densenetbc_k12_cifar10.onnx", "models/vit_d128_l6_cifar10.onnx"})
  void unchangedFilesComeBackByteForByte(String name) {
    Path path = SharedData.path(name);
    OnnxFile.write(OnnxFile.read(path), folder.resolve("copy.onnx"));
    assertThat(folder.resolve("copy.onnx")).hasSameBinaryContentAs(path);
  }

  @Test
  void onlyReplacedTensorsChangeInTheFile() throws IOException {
    Path path = SharedData.path("models/densenetbc_k12_cifar10.onnx");
    Network network = OnnxFile.read(path);
    String name =
        network.initializers().entrySet().stream()
            .filter(entry -> entry.getValue().shape().size() == 4)
            .findFirst()
            .orElseThrow()
            .getKey();
    Tensor dense = network.tensor(name);
    Tensor zero = Tensor.ofFloats(dense.shape(), new float[dense.size()]);
    OnnxFile.write(network.withTensors(Map.of(name, zero)), folder.resolve("pruned.onnx"));

    Network pruned = OnnxFile.read(folder.resolve("pruned.onnx"));
    assertThat(pruned.initializers().get(name)).isEqualTo(zero);
    OnnxFile.write(pruned.withTensors(Map.of(name, dense)), folder.resolve("back.onnx"));
    assertThat(folder.resolve("back.onnx")).hasSameBinaryContentAs(path);
  }

  @Test
  void everyElementTypeIsReadFromItsTypedField() throws IOException {
    ModelProto model =
        model(
            tensor("float", DataType.FLOAT32, 2).addFloatData(1.5f).addFloatData(-2),
            tensor("double", DataType.FLOAT64, 1).addDoubleData(0.1),
            tensor("half", DataType.FLOAT16, 1).addInt32Data(0x3e00),
            tensor("brain", DataType.BFLOAT16, 1).addInt32Data(0xc020),
            tensor("long", DataType.INT64, 1).addInt64Data(-5),
            tensor("int", DataType.INT32, 1).addInt32Data(-6),
            tensor("byte", DataType.UINT8, 1).addInt32Data(200),
            tensor("bool", DataType.BOOL, 1).addInt32Data(1),
            tensor("unsigned", DataType.UINT32, 1).addUint64Data(0xffff_fffeL));
    Network network = OnnxFile.read(saved(model));

    assertThat(network.tensor("float").toFloats()).containsExactly(1.5f, -2);
    assertThat(network.tensor("double").toFloats()).containsExactly(0.1f);
    assertThat(network.tensor("half").toFloats()).containsExactly(1.5f);
    assertThat(network.tensor("brain").toFloats()).containsExactly(-2.5f);
    assertThat(network.tensor("long").toLongs()).containsExactly(-5);
    assertThat(network.tensor("int").toLongs()).containsExactly(-6);
    assertThat(network.tensor("byte").bytes().get(0)).isEqualTo((byte) 200);
    assertThat(network.tensor("bool").bytes().get(0)).isEqualTo((byte) 1);
    assertThat(network.tensor("unsigned").bytes().getInt(0)).isEqualTo(-2);
    OnnxFile.write(network, folder.resolve("copy.onnx"));
    assertThat(Files.readAllBytes(folder.resolve("copy.onnx"))).isEqualTo(model.toByteArray());
  }

  @Test
  void replacedTypedTensorsAreWrittenRaw() throws IOException {
    Path path = saved(model(tensor("w", DataType.FLOAT32, 2).addFloatData(1).addFloatData(2)));
    Tensor changed = Tensor.ofFloats(List.of(2L), 0, 2);
    OnnxFile.write(OnnxFile.read(path).withTensors(Map.of("w", changed)), folder.resolve("b.onnx"));
    assertThat(OnnxFile.read(folder.resolve("b.onnx")).initializers()).containsEntry("w", changed);
  }

  @Test
  void constantNodesAreInitializersAndWrittenBackIntoTheNode() throws IOException {
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    Tensor one = Tensor.ofFloats(List.of(1L), 1);
    Tensor two = Tensor.ofFloats(List.of(1L), 2);
    model.getGraphBuilder().addNode(0, constant("t", FreshModel.value(one)));
    model
        .getGraphBuilder()
        .addNode(
            1,
            constant(
                "f",
                AttributeProto.newBuilder()
                    .setName("value_floats")
                    .addFloats(1)
                    .setType(AttributeProto.AttributeType.FLOATS)
                    .build()));
    Network network = OnnxFile.read(saved(model.build()));

    assertThat(network.initializers()).containsEntry("t", one).containsEntry("f", one);
    assertThat(network.nodes()).extracting(Node::opType).containsExactly("Identity");
    OnnxFile.write(network, folder.resolve("same.onnx"));
    assertThat(Files.readAllBytes(folder.resolve("same.onnx")))
        .isEqualTo(model.build().toByteArray());
    OnnxFile.write(network.withTensors(Map.of("t", two, "f", two)), folder.resolve("changed.onnx"));
    Network changed = OnnxFile.read(folder.resolve("changed.onnx"));
    assertThat(changed.initializers()).containsEntry("t", two).containsEntry("f", two);
  }

  @Test
  void unknownFieldsAndElementTypesComeBack() throws IOException {
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    model
        .getGraphBuilder()
        .addInitializer(
            TensorProto.newBuilder()
                .setName("words")
                .setDataType(8)
                .addDims(1)
                .addStringData(ByteString.copyFromUtf8("a")));
    model.addFunctions(FunctionProto.newBuilder().setName("whatever"));
    model.setUnknownFields(
        UnknownFieldSet.newBuilder()
            .addField(99, UnknownFieldSet.Field.newBuilder().addVarint(5).build())
            .build());
    Network network = OnnxFile.read(saved(model.build()));
    assertThat(network.opaqueInitializers()).containsExactly(Map.entry("words", "STRING"));
    OnnxFile.write(network, folder.resolve("copy.onnx"));
    assertThat(Files.readAllBytes(folder.resolve("copy.onnx")))
        .isEqualTo(model.build().toByteArray());
  }

  @Test
  void constantNodesOfEveryKindAreInitializersAndComeBack() throws IOException {
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    var values =
        List.of(
            AttributeProto.newBuilder().setName("value_float").setF(2),
            AttributeProto.newBuilder().setName("value_int").setI(-3),
            AttributeProto.newBuilder().setName("value_ints").addInts(4).addInts(5),
            AttributeProto.newBuilder()
                .setName("sparse_value")
                .setSparseTensor(SparseForm.of("", Tensor.ofFloats(List.of(2L, 2L), 0, 0, 7, 0))),
            AttributeProto.newBuilder()
                .setName("value_string")
                .setS(ByteString.copyFromUtf8("text")));
    for (AttributeProto.Builder value : values) {
      model.getGraphBuilder().addNode(constant(value.getName(), value.build()));
    }
    Network network = OnnxFile.read(saved(model.build()));

    assertThat(network.initializers())
        .containsEntry("value_float", Tensor.ofFloats(List.of(), 2))
        .containsEntry("value_int", Tensor.ofLongs(List.of(), -3))
        .containsEntry("value_ints", Tensor.ofLongs(List.of(2L), 4, 5))
        .containsEntry("sparse_value", Tensor.ofFloats(List.of(2L, 2L), 0, 0, 7, 0));
    assertThat(network.nodes()).extracting(Node::opType).containsExactly("Identity", "Constant");
    OnnxFile.write(network, folder.resolve("same.onnx"));
    assertThat(Files.readAllBytes(folder.resolve("same.onnx")))
        .isEqualTo(model.build().toByteArray());
    Tensor changed = Tensor.ofFloats(List.of(2L, 2L), 0, 1, 0, 0);
    OnnxFile.write(network.withTensors(Map.of("sparse_value", changed)), folder.resolve("b.onnx"));
    assertThat(OnnxFile.read(folder.resolve("b.onnx")).initializers())
        .containsEntry("sparse_value", changed);
    assertThat(
            ModelProto.parseFrom(Files.readAllBytes(folder.resolve("b.onnx")))
                .getGraph()
                .getNode(4)
                .getAttribute(0)
                .hasSparseTensor())
        .isTrue();
  }

  @Test
  void operatorSetsBeforeSevenAreRefusedWithAdvice() throws IOException {
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    model.getOpsetImportBuilder(0).setVersion(6);
    Path old = saved(model.build());
    assertThatThrownBy(() -> OnnxFile.read(old))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage(
            """
            %s: uses operator set 6 of ONNX; 7 and later are read
            Convert it in Python: \
            onnx.version_converter.convert_version(onnx.load("model.onnx"), 13).\
            """,
            old);
    for (long version : new long[] {7, 13, 26, 99}) {
      model.setIrVersion(version == 7 ? 3 : 13).getOpsetImportBuilder(0).setVersion(version);
      assertThat(OnnxFile.read(saved(model.build())).opset()).isEqualTo(version);
    }
  }

  @Test
  void initializersThatAreInputsTooAreNotAskedFor() throws IOException {
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    model.setIrVersion(3).getGraphBuilder().addInputBuilder().setName("x");
    assertThat(OnnxFile.read(saved(model.build())).inputs()).isEmpty();
  }

  @Test
  void halfWidthWeightsAreReplacedInTheirOwnType() throws IOException {
    for (DataType type : List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT64)) {
      Tensor before = Tensor.ofFloats(type, List.of(3L), 1, 2, 3);
      Tensor after = Tensor.ofFloats(type, List.of(3L), 0, 1e-30f, -1.5f);
      Path path = saved(model(FreshModel.tensor(before).setName("x")));
      Network network = OnnxFile.read(path).withTensors(Map.of("x", after));
      OnnxFile.write(network, folder.resolve("b.onnx"));
      Tensor read = OnnxFile.read(folder.resolve("b.onnx")).tensor("x");
      assertThat(read).isEqualTo(after);
      assertThat(read.toFloats()[0]).isZero();
      assertThat(read.toFloats()[1]).isPositive();
    }
  }

  @Test
  void metadataIsReplacedAsAWhole() throws IOException {
    Path path = saved(model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)));
    Network network = OnnxFile.read(path).withMetadata(Map.of("falcon.a", "1"));
    OnnxFile.write(network, folder.resolve("b.onnx"));
    assertThat(OnnxFile.read(folder.resolve("b.onnx")).metadata())
        .containsExactly(Map.entry("falcon.a", "1"));
  }

  @Test
  void nodesOutOfOrderAreSortedAndTheFileStaysAsItWas() throws IOException {
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    model.getGraphBuilder().clearNode().addNode(identity("h", "y")).addNode(identity("x", "h"));
    Network network = OnnxFile.read(saved(model.build()));
    assertThat(network.nodes())
        .extracting(node -> node.outputs().getFirst())
        .containsExactly("h", "y");
    OnnxFile.write(network, folder.resolve("copy.onnx"));
    assertThat(Files.readAllBytes(folder.resolve("copy.onnx")))
        .isEqualTo(model.build().toByteArray());
  }

  @Test
  void filesCutShortAtAnyByteAreRefusedOrReadNeverCrash() throws IOException {
    ModelProto.Builder model =
        model(
            tensor("x", DataType.FLOAT32, 1).addFloatData(1),
            tensor("w", DataType.FLOAT32, 2).setRawData(ByteString.copyFrom(new byte[8])))
            .toBuilder();
    model
        .getGraphBuilder()
        .addNode(0, constant("t", FreshModel.value(Tensor.ofLongs(List.of(), 3))));
    model.addMetadataProps(ModelWriter.entry("key", "value"));
    byte[] whole = model.build().toByteArray();
    Path path = folder.resolve("cut.onnx");
    int read = 0;
    for (int length = 0; length < whole.length; length++) {
      Files.write(path, Arrays.copyOf(whole, length));
      try {
        OnnxFile.read(path);
        read++;
      } catch (MalformedModelException refused) {
        assertThat(refused).hasMessageContaining("cut.onnx");
      }
    }
    // Only the cut between the operator sets and the last property leaves an intact message.
    assertThat(read).isEqualTo(1);
  }

  @Test
  void filesWithAByteChangedAreRefusedOrReadNeverCrash() throws IOException {
    byte[] whole =
        model(
                tensor("x", DataType.FLOAT32, 1).addFloatData(1),
                tensor("w", DataType.FLOAT32, 2).setRawData(ByteString.copyFrom(new byte[8])))
            .toByteArray();
    Path path = folder.resolve("changed.onnx");
    for (int i = 0; i < whole.length; i++) {
      for (int flip : new int[] {0x01, 0x08, 0x80, 0xff}) {
        byte[] changed = whole.clone();
        changed[i] ^= (byte) flip;
        Files.write(path, changed);
        try {
          OnnxFile.read(path);
        } catch (MalformedModelException refused) {
          assertThat(refused).hasMessageContaining("changed.onnx");
        }
      }
    }
  }

  @Test
  void networksWithAByteChangedAreRefusedOrMeasuredNeverCrash() throws IOException {
    Network network = SmallGraph.ofManyShapes();
    assertThat(Layers.of(network).all()).hasSize(2);
    byte[] whole = ModelWriter.model(network).toByteArray();
    Path path = folder.resolve("changed.onnx");
    int[] flips = {0x01, 0x04, 0x40, 0xff};
    for (int i = 0; i < whole.length; i++) {
      byte[] changed = whole.clone();
      changed[i] ^= (byte) flips[i % flips.length];
      Files.write(path, changed);
      try {
        Layers.of(OnnxFile.read(path));
      } catch (MalformedModelException | UnusableNodeException refused) {
        assertThat(refused).hasMessageContaining(System.lineSeparator());
      } catch (IllegalArgumentException open) {
        assertThat(open).hasMessageContaining("input");
      }
    }
  }

  @Test
  void aFileCutShortIsNamedWithItsEnd() throws IOException {
    byte[] whole = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toByteArray();
    Path path = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, whole.length - 10));
    assertThatThrownBy(() -> OnnxFile.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage(
            """
            %s: is no ONNX model: field 'graph' ends at byte %d but the file has %d
            Export or download the file again; weights of another format need their own file \
            extension.\
            """,
            path, whole.length - 4, whole.length - 10);
  }

  @Test
  void aForeignFileIsRefused() throws IOException {
    Path path = Files.writeString(folder.resolve("text.onnx"), "PK not a model");
    assertThatThrownBy(() -> OnnxFile.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageStartingWith(path + ": is no ONNX model: byte 4 of 14 starts no field");
  }

  @Test
  void missingAndEmptyFilesAreNamed() throws IOException {
    assertThatThrownBy(() -> OnnxFile.read(folder.resolve("none.onnx")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("there is no such file");
    assertThatThrownBy(() -> OnnxFile.read(folder))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("is no file");
    Path empty = Files.createFile(folder.resolve("empty.onnx"));
    assertThatThrownBy(() -> OnnxFile.read(empty))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("the file is empty");
  }

  @Test
  void shapesThatDoNotFitTheElementsAreRefusedBeforeAnythingIsAllocated() {
    assertRefused(
        tensor("w", DataType.FLOAT32, 3).addFloatData(1),
        "tensor 'w' has the shape [3] of FLOAT32 and needs 3 elements, but 1 elements are there");
    assertRefused(
        tensor("w", DataType.FLOAT16, 3).setRawData(ByteString.copyFrom(new byte[5])),
        "tensor 'w' has the shape [3] of FLOAT16 and needs 6 bytes, but 5 bytes are there");
    assertRefused(
        tensor("w", DataType.FLOAT32, 1L << 40, 1L << 40).addFloatData(1),
        "tensor 'w' has the shape [1099511627776, 1099511627776]; at most 536870909 elements of"
            + " FLOAT32 can be held");
    assertRefused(
        tensor("w", DataType.FLOAT32, -1).addFloatData(1), "tensor 'w' has the shape [-1]");
  }

  @Test
  void graphsThatContradictThemselvesAreRefused() throws IOException {
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    model.getGraphBuilder().setNode(0, identity("nothing", "y"));
    Path path = saved(model.build());
    assertThatThrownBy(() -> OnnxFile.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(
            "Identity node that makes 'y' needs value 'nothing', which nothing makes");
    model.getGraphBuilder().setNode(0, identity("y", "y"));
    Path circle = saved(model.build());
    assertThatThrownBy(() -> OnnxFile.read(circle))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("depends on its own output");
  }

  private void assertRefused(TensorProto.Builder tensor, String problem) {
    assertThatThrownBy(() -> OnnxFile.read(saved(model(tensor))))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(problem);
  }

  private Path saved(ModelProto model) throws IOException {
    return Files.write(folder.resolve("model.onnx"), model.toByteArray());
  }
}
