package falcon.model.onnx;

import static falcon.model.onnx.Messages.constant;
import static falcon.model.onnx.Messages.external;
import static falcon.model.onnx.Messages.model;
import static falcon.model.onnx.Messages.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import falcon.model.onnx.proto.AttributeProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.NodeProto;
import falcon.model.onnx.proto.TensorProto;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tensors in files beside the model.
class ExternalDataTest {
  @TempDir Path folder;

  @Test
  void externalDataKeepsItsLayout() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[] {9, 9, 9, 9, 0, 0, (byte) 0x80, 0x3f});
    Path path = saved(model(external("weights.bin", "4", "4")));
    Network network = OnnxFile.read(path);
    assertThat(network.tensor("x").toFloats()).containsExactly(1);
    Path copy = Files.createDirectory(folder.resolve("copy")).resolve("m.onnx");
    assertThat(OnnxFile.write(network, copy))
        .containsExactly(copy.resolveSibling("weights.bin"), copy);
    assertThat(copy).hasSameBinaryContentAs(path);
    assertThat(copy.resolveSibling("weights.bin"))
        .hasSameBinaryContentAs(folder.resolve("weights.bin"));

    Tensor two = Tensor.ofFloats(List.of(1L), 2);
    Path changed = Files.createDirectory(folder.resolve("changed")).resolve("m.onnx");
    OnnxFile.write(network.withTensors(Map.of("x", two)), changed);
    assertThat(changed).hasSameBinaryContentAs(path);
    assertThat(changed.resolveSibling("weights.bin"))
        .hasBinaryContent(new byte[] {9, 9, 9, 9, 0, 0, 0, 0x40});
    assertThat(OnnxFile.read(changed).tensor("x")).isEqualTo(two);
  }

  @Test
  void tensorsThatFalconCannotHoldAndThoseOfBodiesStayInTheirFile() throws IOException {
    byte[] weights = {1, 2, 3, 4, 5, 6, 7, 8};
    Files.write(folder.resolve("weights.bin"), weights);
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    model
        .getGraphBuilder()
        .addInitializer(
            external("weights.bin", "0", "4").setName("f8").setDataType(17).clearDims().addDims(4));
    model
        .getGraphBuilder()
        .addNodeBuilder()
        .setOpType("If")
        .addInput("f8")
        .addOutput("z")
        .addAttributeBuilder()
        .setName("then_branch")
        .setType(AttributeProto.AttributeType.GRAPH)
        .getGBuilder()
        .addInitializer(external("weights.bin", "4", "4").setName("inner"))
        .addOutputBuilder()
        .setName("inner");
    Path path = saved(model.build());
    Network network = OnnxFile.read(path);
    for (OnnxOption[] options : new OnnxOption[][] {{}, {OnnxOption.SPARSE}}) {
      Path copy = Files.createTempDirectory(folder, "copy").resolve("m.onnx");
      OnnxFile.write(network, copy, options);
      assertThat(copy).hasSameBinaryContentAs(path);
      assertThat(copy.resolveSibling("weights.bin")).hasBinaryContent(weights);
    }
  }

  @Test
  void tensorsOfTheSameBytesPartWhenOneChanges() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[] {0, 0, (byte) 0x80, 0x3f});
    Path path =
        saved(
            model(
                external("weights.bin", "0", "4"),
                external("weights.bin", "0", "4").setName("y2")));
    Network network = OnnxFile.read(path);
    Tensor two = Tensor.ofFloats(List.of(1L), 2);
    Path copy = Files.createDirectory(folder.resolve("copy")).resolve("m.onnx");
    OnnxFile.write(network.withTensors(Map.of("x", two)), copy);
    Network again = OnnxFile.read(copy);
    assertThat(again.tensor("x")).isEqualTo(two);
    assertThat(again.tensor("y2")).isEqualTo(network.tensor("y2"));
  }

  @Test
  void dataFilesAreNeverReplacedUnasked() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[4]);
    Path path = saved(model(external("weights.bin", "0", "4")));
    Network network = OnnxFile.read(path);
    for (String name : List.of("model.onnx", "other.onnx")) {
      for (OnnxOption[] options : new OnnxOption[][] {{}, {OnnxOption.REPLACE_DATA}}) {
        assertThatThrownBy(() -> OnnxFile.write(network, folder.resolve(name), options))
            .isInstanceOf(UnwritableFileException.class)
            .hasMessage(
                """
                %s: cannot be written: the network that is written was read from it
                Write the network into another folder.\
                """,
                folder.resolve("weights.bin"));
      }
    }
    Path copy = Files.createDirectory(folder.resolve("copy")).resolve("m.onnx");
    OnnxFile.write(network, copy);
    assertThatThrownBy(() -> OnnxFile.write(network, copy))
        .isInstanceOf(UnwritableFileException.class)
        .hasMessageContaining("another model may have its weights there");
    OnnxFile.write(network, copy, OnnxOption.REPLACE_DATA);
    assertThat(OnnxFile.read(copy).initializers()).isEqualTo(network.initializers());
    // The model's own file may be replaced by itself.
    Network inline = OnnxFile.read(saved(model(tensor("x", DataType.FLOAT32, 1).addFloatData(1))));
    OnnxFile.write(inline, folder.resolve("model.onnx"));
  }

  @Test
  void checksumsOfChangedFilesGo() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[4]);
    Path path =
        saved(
            model(
                external("weights.bin", "0", "4")
                    .addExternalData(ModelWriter.entry("checksum", "abc"))));
    Network network = OnnxFile.read(path);
    Path copy = Files.createDirectory(folder.resolve("copy")).resolve("m.onnx");
    OnnxFile.write(network, copy);
    assertThat(copy).hasSameBinaryContentAs(path);
    OnnxFile.write(
        network.withTensors(Map.of("x", Tensor.ofFloats(List.of(1L), 2))),
        copy,
        OnnxOption.REPLACE_DATA);
    assertThat(copy).hasBinaryContent(model(external("weights.bin", "0", "4")).toByteArray());
  }

  @Test
  void checksumsInNodesAndBodiesGoAsWell() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[12]);
    Network network = OnnxFile.read(saved(modelWithConstants("abc")));
    Path copy = Files.createDirectory(folder.resolve("copy")).resolve("m.onnx");
    OnnxFile.write(network.withTensors(Map.of("c", Tensor.ofFloats(List.of(1L), 2))), copy);
    assertThat(copy).hasBinaryContent(modelWithConstants(null).toByteArray());
  }

  /// Returns tensors of one file in the graph, in a node and in a node of a body.
  private static ModelProto modelWithConstants(@Nullable String checksum) {
    GraphProto body =
        GraphProto.newBuilder().addNode(constant("inner", value("8", checksum))).build();
    ModelProto.Builder model = model(external("weights.bin", "0", "4")).toBuilder();
    model
        .getGraphBuilder()
        .addNode(constant("c", value("4", checksum)))
        .addNode(
            NodeProto.newBuilder()
                .setOpType("If")
                .addInput("x")
                .addOutput("z")
                .addAttribute(
                    AttributeProto.newBuilder()
                        .setName("then_branch")
                        .setType(AttributeProto.AttributeType.GRAPH)
                        .setG(body)));
    return model.build();
  }

  private static AttributeProto value(String offset, @Nullable String checksum) {
    TensorProto.Builder tensor = external("weights.bin", offset, "4").clearName();
    if (checksum != null) {
      tensor.addExternalData(ModelWriter.entry("checksum", checksum));
    }
    return AttributeProto.newBuilder()
        .setName("value")
        .setType(AttributeProto.AttributeType.TENSOR)
        .setT(tensor)
        .build();
  }

  @Test
  void aModelBehindALinkFindsItsDataBesideTheLink() throws IOException {
    // As in download caches: links with names to files named by their content.
    Path blobs = Files.createDirectory(folder.resolve("blobs"));
    Path snapshot = Files.createDirectory(folder.resolve("snapshot"));
    Files.write(blobs.resolve("1"), model(external("net.data", "0", "4")).toByteArray());
    Files.write(blobs.resolve("2"), new byte[4]);
    Files.createSymbolicLink(snapshot.resolve("net.onnx"), Path.of("../blobs/1"));
    Files.createSymbolicLink(snapshot.resolve("net.data"), Path.of("../blobs/2"));
    assertThat(OnnxFile.read(snapshot.resolve("net.onnx")).tensor("x").toFloats())
        .containsExactly(0);
  }

  @Test
  void tensorsThatShareAPartOfTheirBytesAreRefused() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[16]);
    Path path =
        saved(
            model(
                external("weights.bin", "0", "8").clearDims().addDims(2),
                external("./weights.bin", "4", "4").setName("y2")));
    assertThatThrownBy(() -> OnnxFile.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(
            "tensor 'y2' begins at byte 4 of './weights.bin', where tensor 'x' goes on to byte 8");
  }

  @Test
  void networksOfMoreBytesThanAMessageHoldsGetAFileOfData() throws IOException {
    Tensor large = Tensor.ofFloats(List.of(300L), new float[300]);
    Path path =
        saved(
            model(
                FreshModel.tensor(large).setName("x"),
                FreshModel.tensor(Tensor.ofFloats(List.of(1L), 1)).setName("small"),
                FreshModel.tensor(Tensor.ofFloats(List.of(257L), new float[257])).setName("z")));
    Network network = OnnxFile.read(path);
    Path copy = Files.createDirectory(folder.resolve("copy")).resolve("m.onnx");
    assertThat(OnnxFile.write(network, copy, 1000))
        .containsExactly(copy.resolveSibling("m.onnx.data"), copy);
    assertThat(copy.resolveSibling("m.onnx.data")).hasSize(4096 + 4 * 257);
    assertThat(OnnxFile.read(copy).initializers()).isEqualTo(network.initializers());
    assertThatThrownBy(() -> OnnxFile.write(network, copy, 3, OnnxOption.REPLACE_DATA))
        .isInstanceOf(UnwritableFileException.class)
        .hasMessageContaining("its tensors take 4 bytes, one ONNX file holds at most 3");
  }

  @Test
  void threeGibibytesOfTensorsAreMappedNotLoaded() throws IOException {
    long third = 1L << 30;
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    for (int i = 0; i < 3; i++) {
      String name = i < 2 ? "a.data" : "b.data";
      long offset = i == 1 ? third : 0;
      try (var channel =
          FileChannel.open(
              folder.resolve(name), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        // Sparse: one nonzero element, the rest takes no room on the disk.
        channel.write(ByteBuffer.wrap(new byte[] {0, 0, (byte) 0x80, 0x3f}), offset + third - 4);
      }
      model
          .getGraphBuilder()
          .addInitializer(
              external(name, Long.toString(offset), Long.toString(third))
                  .setName("w" + i)
                  .clearDims()
                  .addDims(third / 4));
    }
    long before = allocatedBytes();
    Network network = OnnxFile.read(saved(model.build()));
    assertThat(allocatedBytes() - before).isLessThan(1 << 20);
    for (int i = 0; i < 3; i++) {
      Tensor tensor = network.tensor("w" + i);
      assertThat(tensor.size()).isEqualTo((int) (third / 4));
      assertThat(tensor.bytes().getFloat(0)).isZero();
      assertThat(tensor.bytes().getFloat((int) third - 4)).isEqualTo(1);
    }
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  @Test
  void externalDataOutsideTheFolderIsRefused() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path outside = Files.write(folder.resolve("outside.bin"), new byte[4]);
    Files.createSymbolicLink(inner.resolve("link.bin"), outside);
    for (String location :
        List.of("../outside.bin", outside.toString(), "link.bin", "a/../../outside.bin", "")) {
      Path path = inner.resolve("m.onnx");
      Files.write(path, model(external(location, "0", "4")).toByteArray());
      assertThatThrownBy(() -> OnnxFile.read(path))
          .as(location)
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining(
              "tensor 'x' is in '%s', outside the model's folder".formatted(location));
    }
  }

  @Test
  void externalDataThatIsMissingOrTooShortIsNamed() throws IOException {
    assertRefused(
        external("gone.bin", "0", "4"), "tensor 'x' is in 'gone.bin', which is not there");
    Files.write(folder.resolve("short.bin"), new byte[6]);
    assertRefused(
        external("short.bin", "4", "4"),
        "tensor 'x' is 4 bytes from byte 4 of 'short.bin', which has 6");
    assertRefused(
        external("short.bin", "-4", "4"), "tensor 'x' has '-4' as the offset of its external data");
    assertRefused(
        external("short.bin", "0", "5"),
        "tensor 'x' needs 4 bytes, but 5 of 'short.bin' are its own");
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
