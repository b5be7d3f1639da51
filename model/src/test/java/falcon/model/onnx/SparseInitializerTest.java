package falcon.model.onnx;

import static falcon.model.onnx.Messages.external;
import static falcon.model.onnx.Messages.identity;
import static falcon.model.onnx.Messages.model;
import static falcon.model.onnx.Messages.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.SparseTensorProto;
import falcon.model.zoo.Architecture;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tensors stored without their zeros.
class SparseInitializerTest {
  @TempDir Path folder;

  @Test
  void bothKindsOfIndicesAreReadAndUnchangedFilesComeBackByteForByte() throws IOException {
    Tensor dense = Tensor.ofFloats(List.of(2L, 3L), 0, 5, 0, 0, 0, -7);
    SparseTensorProto linear = SparseForm.of("linear", dense);
    SparseTensorProto byAxis =
        linear.toBuilder()
            .setValues(linear.getValues().toBuilder().setName("byAxis"))
            .setIndices(FreshModel.tensor(Tensor.ofLongs(List.of(2L, 2L), 0, 1, 1, 2)))
            .build();
    Path path = saved(linear, byAxis);
    Network network = OnnxFile.read(path);
    assertThat(network.initializers())
        .containsEntry("linear", dense)
        .containsEntry("byAxis", dense);
    assertThat(network.opaqueInitializers()).isEmpty();
    OnnxFile.write(network, folder.resolve("same.onnx"));
    assertThat(folder.resolve("same.onnx")).hasSameBinaryContentAs(path);
  }

  @Test
  void changedTensorsStaySparse() throws IOException {
    Path path = saved(SparseForm.of("w", Tensor.ofFloats(List.of(4L), 0, 5, 0, -7)));
    Tensor pruned = Tensor.ofFloats(List.of(4L), 0, 0, 0, -8);
    OnnxFile.write(OnnxFile.read(path).withTensors(Map.of("w", pruned)), folder.resolve("b.onnx"));
    assertThat(OnnxFile.read(folder.resolve("b.onnx")).tensor("w")).isEqualTo(pruned);
    SparseTensorProto written =
        ModelProto.parseFrom(Files.readAllBytes(folder.resolve("b.onnx")))
            .getGraph()
            .getSparseInitializer(0);
    assertThat(written.getIndices().getDimsList()).containsExactly(1L);
  }

  @Test
  void sparseTensorsThatContradictThemselvesAreRefused() throws IOException {
    SparseTensorProto good = SparseForm.of("w", Tensor.ofFloats(List.of(2L, 2L), 1, 0, 0, 4));
    assertRefused(
        indices(good, Tensor.ofLongs(List.of(2L), 3, 0)),
        "tensor 'w' is sparse with index 0 after 3; they must ascend and be below 4");
    assertRefused(
        indices(good, Tensor.ofLongs(List.of(2L), 0, 4)), "index 4 after 0; they must ascend");
    assertRefused(indices(good, Tensor.ofLongs(List.of(2L), -1, 0)), "index -1 after -1");
    assertRefused(
        indices(good, Tensor.ofLongs(List.of(2L, 2L), 0, 0, 0, 2)),
        "is sparse with index 2 on axis 1 of the shape [2, 2]");
    assertRefused(
        indices(good, Tensor.ofLongs(List.of(3L), 0, 1, 2)),
        "has sparse values FLOAT32[2] at indices INT64[3]");
    assertRefused(
        good.toBuilder().clearDims().addDims(1L << 14).addDims(1L << 14).build(),
        "is sparse with the shape [16384, 16384], which takes more than 64 times the bytes");
    assertRefused(
        good.toBuilder().clearDims().addDims(1L << 40).addDims(1L << 40).build(),
        "at most 536870909 elements of FLOAT32 can be held");
    assertRefused(good.toBuilder().clearDims().addDims(-4).build(), "has the shape [-4]");
  }

  @Test
  void sparseTensorsOfOtherTypesAreLeftAlone() throws IOException {
    SparseTensorProto.Builder strange =
        SparseForm.of("w", Tensor.ofFloats(List.of(2L), 1, 0)).toBuilder();
    strange.getValuesBuilder().setDataType(17);
    Network network = OnnxFile.read(saved(strange.build()));
    assertThat(network.opaqueInitializers()).containsEntry("w", "sparse FLOAT8E4M3FN");
  }

  @Test
  void onlyWhatGetsSmallerIsStoredWithoutZeros() throws IOException {
    // A float32 weight and its index take 12 bytes: less than 4 bytes for each of four elements.
    Tensor third = Tensor.ofFloats(List.of(3L), 0, 1, 0);
    Tensor quarter = Tensor.ofFloats(List.of(4L), 0, 1, 0, 0);
    ModelProto model =
        model(
            FreshModel.tensor(third).setName("third"),
            FreshModel.tensor(quarter).setName("quarter"),
            FreshModel.tensor(Tensor.ofFloats(List.of(4L), new float[4])).setName("nothing"),
            FreshModel.tensor(Tensor.ofLongs(List.of(4L), 0, 0, 0, 1)).setName("integers"));
    Path path = folder.resolve("model.onnx");
    Files.write(path, model.toBuilder().setIrVersion(3).build().toByteArray());
    Network network = OnnxFile.read(path);
    OnnxFile.write(network, folder.resolve("b.onnx"), OnnxOption.SPARSE);
    ModelProto written = ModelProto.parseFrom(Files.readAllBytes(folder.resolve("b.onnx")));
    assertThat(written.getGraph().getSparseInitializerList())
        .extracting(sparse -> sparse.getValues().getName())
        .containsExactly("quarter", "nothing");
    assertThat(written.getGraph().getSparseInitializer(1).getValues().getDims(0))
        .as("readers handle sparse tensors without elements badly")
        .isEqualTo(1);
    assertThat(written.getIrVersion()).isEqualTo(5);
    assertThat(OnnxFile.read(folder.resolve("b.onnx")).initializers())
        .isEqualTo(network.initializers());
  }

  @Test
  void externalDataOfSparseFilesIsInTheModel() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[8]);
    Path path = folder.resolve("model.onnx");
    Files.write(
        path, model(external("weights.bin", "0", "8").clearDims().addDims(2)).toByteArray());
    Network network = OnnxFile.read(path);
    assertThat(OnnxFile.write(network, folder.resolve("b.onnx"), OnnxOption.SPARSE)).hasSize(1);
    assertThat(OnnxFile.read(folder.resolve("b.onnx")).initializers())
        .isEqualTo(network.initializers());
  }

  @Test
  @Tag("native")
  void onnxRuntimeComputesTheSameWithSparseWeights() throws IOException, OrtException {
    Network network = pruned(Architecture.RESNET20.initial(3, 32, 32, 10, 5));
    Path dense = folder.resolve("dense.onnx");
    Path sparse = folder.resolve("sparse.onnx");
    OnnxFile.write(network, dense);
    OnnxFile.write(network, sparse, OnnxOption.SPARSE);
    assertThat(Files.size(sparse)).isLessThan(Files.size(dense) / 2);
    assertThat(run(sparse)).isDeepEqualTo(run(dense));
    OnnxFile.write(OnnxFile.read(sparse), folder.resolve("again.onnx"));
    assertThat(folder.resolve("again.onnx")).hasSameBinaryContentAs(sparse);
  }

  /// One weight in ten is kept.
  private static Network pruned(Network network) {
    var random = new SplittableRandom(1);
    var replaced = new LinkedHashMap<String, Tensor>();
    network
        .initializers()
        .forEach((name, tensor) -> {
          if (tensor.shape().size() == 4) {
            float[] values = tensor.toFloats();
            for (int i = 0; i < values.length; i++) {
              values[i] = random.nextInt(10) == 0 ? values[i] : 0;
            }
            replaced.put(name, Tensor.ofFloats(tensor.shape(), values));
          }
        });
    return network.withTensors(replaced);
  }

  private static float[][] run(Path path) throws OrtException {
    var pixels = new float[2 * 3 * 32 * 32];
    var random = new SplittableRandom(2);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) random.nextGaussian();
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(path.toString(), options);
          OnnxTensor input =
              OnnxTensor.createTensor(
                  environment, FloatBuffer.wrap(pixels), new long[] {2, 3, 32, 32});
          OrtSession.Result result = session.run(Map.of("input", input))) {
        return (float[][]) result.get(0).getValue();
      }
    }
  }

  private static SparseTensorProto indices(SparseTensorProto sparse, Tensor indices) {
    return sparse.toBuilder().setIndices(FreshModel.tensor(indices)).build();
  }

  private void assertRefused(SparseTensorProto sparse, String message) throws IOException {
    Path path = saved(sparse);
    assertThatThrownBy(() -> OnnxFile.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(message);
  }

  private Path saved(SparseTensorProto... sparse) throws IOException {
    ModelProto.Builder model = model(tensor("x", DataType.FLOAT32, 1).addFloatData(1)).toBuilder();
    for (SparseTensorProto tensor : sparse) {
      model.getGraphBuilder().addSparseInitializer(tensor);
      model
          .getGraphBuilder()
          .addNode(identity(tensor.getValues().getName(), tensor.getValues().getName() + "Copy"));
    }
    return Files.write(folder.resolve("model.onnx"), model.build().toByteArray());
  }
}
