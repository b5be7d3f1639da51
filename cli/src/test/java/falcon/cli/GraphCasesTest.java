package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import falcon.cli.process.ExitCode;
import falcon.model.Network;
import falcon.model.Tensor;
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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands on graphs that are more than nodes in a row: unknown operators behind outputs that do
/// not count, local functions, operators of ONNX Runtime, branches on an input.
@Tag("native")
class GraphCasesTest {
  private static final SplittableRandom RANDOM = new SplittableRandom(14);

  /// Samples of the detector, and how long each is.
  private static final int SAMPLES = 60;

  private static final int LENGTH = 32;

  @TempDir static Path folder;
  private static String detector = "";
  private static String sounds = "";

  @BeforeAll
  static void prepare() throws IOException {
    Path file = folder.resolve("detector.onnx");
    Files.write(file, detector().toByteArray());
    detector = file.toString();
    sounds = sounds(folder.resolve("sounds.npy")).toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"magnitude", "falcon", "falcon++"})
  void unknownOperatorBehindAnOutputThatDoesNotCountHindersNothing(String method)
      throws IOException {
    Path out = folder.resolve("tail-" + method);
    String model = Cases.file("m57_tailop.onnx");
    done(
        "prune",
        model,
        "--data",
        Cases.file("data/nchw.npz"),
        "--macs=50%",
        "--method",
        method,
        "--out",
        out.toString());
    assertThat(message(out).getGraph().getNodeList())
        .anyMatch(node -> node.getDomain().equals("my.ops"));
    JsonNode result = new ObjectMapper().readTree(out.resolve("result.json").toFile());
    assertThat(result.toString()).contains("\"used\"");
  }

  @Test
  void inspectionSaysWhatIsNotNeeded() {
    Ran ran = done("inspect", Cases.file("m57_tailop.onnx"));
    assertThat(ran.out())
        .contains("The output that counts does not need these", "Boxes node")
        .doesNotContain("Not everything is counted");
  }

  @Test
  void outputMayBeAValueInside() throws IOException {
    Path out = folder.resolve("inner");
    String model = Cases.file("m57_tailop.onnx");
    String data = Cases.file("data/nchw.npz");
    done(
        "prune",
        model,
        "--data",
        data,
        "--macs=50%",
        "--method=falcon",
        "--output=gap",
        "--out",
        out.toString());
    Ran ran =
        done(
            "evaluate",
            out.resolve("model.onnx").toString(),
            "--reference",
            model,
            "--data",
            data,
            "--output=gap",
            "--split=train",
            "--json");
    assertThat(new ObjectMapper().readTree(ran.out()).get("fidelity").asDouble())
        .isBetween(50.0, 100.0);
    Ran unknown = Ran.of("inspect", model, "--output=gaq");
    assertThat(unknown.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(unknown.err())
        .contains("--output: the network has no output 'gaq'", "its outputs are [");
    assertThat(Ran.of("inspect", model, "--output=GAP").err()).contains("[gap]");
  }

  @Test
  void layersInsideFunctionsArePruned() throws IOException {
    Path out = folder.resolve("functions");
    done(
        "prune",
        Cases.file("m05_functions.onnx"),
        "--method=magnitude",
        "--macs=50%",
        "--out",
        out.toString());
    assertThat(message(out).getFunctionsCount()).isPositive();
    assertKept(out, 0.5);
  }

  @Test
  void fusedConvolutionsAreLayers() throws IOException {
    String model = Cases.file("m28_fusedconv.onnx");
    Ran ran = done("inspect", model, "--json");
    JsonNode layers = new ObjectMapper().readTree(ran.out());
    assertThat(layers.get("counted").asBoolean()).isTrue();
    assertThat(layers.get("layers"))
        .allMatch(layer -> layer.get("prunable").asBoolean())
        .filteredOn(layer -> layer.get("kind").asText().equals("Conv"))
        .hasSize(2);
    Path out = folder.resolve("fused");
    done("prune", model, "--method=magnitude", "--nnz=50%", "--out", out.toString());
    assertThat(message(out).getGraph().getNodeList())
        .anyMatch(node -> node.getOpType().equals("FusedConv"));
  }

  @Test
  void weightsInABranchOnAnInputAreCountedAndTheInputIsNamed() throws IOException {
    Ran ran = done("inspect", detector);
    assertThat(ran.out())
        .contains(
            "its branch depends on input 'rate'",
            "--input",
            "branches: 8 tensors more, 416 weights",
            "Not everything is counted");
    JsonNode json = new ObjectMapper().readTree(done("inspect", detector, "--json").out());
    assertThat(json.get("inBranches")).hasSize(8);
    assertThat(json.get("counted").asBoolean()).isFalse();
    Ran pruned =
        Ran.of(
            "prune",
            detector,
            "--method=magnitude",
            "--nnz=50%",
            "--out",
            folder.resolve("none").toString());
    assertThat(pruned.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(pruned.err()).contains("in a body of If node", "'rate'", "--input");
  }

  @ParameterizedTest
  @CsvSource({
    "16000, then_branch, falcon",
    "8000, else_branch, falcon",
    "16000, then_branch, magnitude"
  })
  void branchOfAFixedInputIsPrunedAndTheOtherStays(String rate, String branch, String method)
      throws IOException {
    Path out = folder.resolve("branch-" + rate + method);
    done(
        "prune",
        detector,
        "--input",
        "rate=" + rate,
        "--input",
        "state=zeros",
        "--data",
        sounds,
        "--macs=50%",
        "--method",
        method,
        "--out",
        out.toString());
    GraphProto graph = message(out).getGraph();
    assertThat(graph.getInputList())
        .extracting(ValueInfoProto::getName)
        .containsExactly("x", "state", "rate");
    GraphProto dense = detector().getGraph();
    int flow = 1;
    for (int i = 0; i < 2; i++) {
      AttributeProto before = dense.getNode(flow).getAttribute(i);
      AttributeProto after = graph.getNode(flow).getAttribute(i);
      assertThat(after.equals(before)).isEqualTo(!before.getName().equals(branch));
    }
    assertKept(out, 0.5);
    Ran evaluated =
        done(
            "evaluate",
            out.resolve("model.onnx").toString(),
            "--reference",
            detector,
            "--input",
            "rate=" + rate,
            "--input",
            "state=0",
            "--data",
            sounds,
            "--split=train",
            "--json");
    assertThat(new ObjectMapper().readTree(evaluated.out()).get("fidelity").asDouble())
        .isLessThan(100.0)
        .isGreaterThan(method.equals("falcon") ? 20.0 : -1000.0);
  }

  @Test
  void resumedRunHasTheSameInputs() {
    Path out = folder.resolve("resumed");
    String[] command = {
      "prune",
      detector,
      "--input=state=zeros",
      "--data",
      sounds,
      "--macs=50%",
      "--method=magnitude",
      "--out",
      out.toString(),
      "--input=rate=16000"
    };
    done(command);
    command[command.length - 1] = "--input=rate=8000";
    var resumed = new ArrayList<>(Arrays.asList(command));
    resumed.add("--resume");
    Ran ran = Ran.of(resumed.toArray(String[]::new));
    assertThat(ran.code()).isNotZero();
    assertThat(ran.err()).contains("rate=16000", "rate=8000");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "speed=1 | there is no input 'speed'; the network takes x FLOAT32[N, 32]",
        "rate=fast | input 'rate INT64[]' takes whole numbers, not 'fast'",
        "rate=1.5 | input 'rate INT64[]' takes whole numbers, not '1.5'",
        "rate=1,2 | input 'rate INT64[]' does not take 2 numbers",
        "state=1,2,3 | input 'state FLOAT32[1, N, 4]' does not take 3 numbers",
        "rate | no value of an input; write sr=16000"
      })
  void valuesThatDoNotFitAreNamed(String value, String problem) {
    Ran ran = Ran.of("inspect", detector, "--input", value);
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err().replaceAll("\\s+", " ")).contains("--input", problem);
  }

  @Test
  void inputThatIsFixedTwiceOrLeavesNoneForSamplesIsRefused() {
    Ran twice = Ran.of("inspect", detector, "--input=rate=1", "--input=rate=2");
    assertThat(twice.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(twice.err()).contains("--input rate=2: it is given twice");
    Ran none = Ran.of("inspect", Cases.file("mlp.onnx"), "--input=x=zeros");
    assertThat(none.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(none.err()).contains("no input is left for samples");
  }

  private static Ran done(String... args) {
    Ran ran = Ran.of(args);
    assertThat(ran.code()).as(ran.err()).isZero();
    return ran;
  }

  private static ModelProto message(Path run) throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(run.resolve("model.onnx")));
  }

  /// Asserts the share of multiply-accumulates that the file of a run keeps.
  private static void assertKept(Path run, double share) throws IOException {
    JsonNode result = new ObjectMapper().readTree(run.resolve("result.json").toFile());
    JsonNode macs = result.get("budget").get("macs");
    assertThat(macs.get("used").asDouble() / macs.get("total").asDouble())
        .isBetween(0.9 * share, share);
    Network network = OnnxFile.read(run.resolve("model.onnx"));
    long zeros = 0;
    for (Tensor tensor : OnnxFile.tensors(network).values()) {
      if (tensor.type().isFloatingPoint() && tensor.shape().size() > 1) {
        for (float weight : tensor.toFloats()) {
          zeros += weight == 0 ? 1 : 0;
        }
      }
    }
    assertThat(zeros).isPositive();
  }

  /// A detector of speech as it is often exported: one `If` on the sampling rate, all weights in
  /// its branches, and a state.
  private static ModelProto detector() {
    GraphProto graph =
        GraphProto.newBuilder()
            .setName("detector")
            .addInput(input("x", 1, "N", LENGTH))
            .addInput(input("state", 1, 1, "N", 4))
            .addInput(input("rate", 7))
            .addInitializer(tensor("high", Tensor.ofLongs(List.of(), 16000)))
            .addNode(node("Equal", "isHigh", "rate", "high"))
            .addNode(
                node("If", "y", "isHigh")
                    .addOutput("next")
                    .addAttribute(branch("then_branch", 8))
                    .addAttribute(branch("else_branch", 4)))
            .addOutput(input("y", 1, "N", 3))
            .addOutput(input("next", 1, 1, "N", 4))
            .build();
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .setGraph(graph)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(16))
        .build();
  }

  private static AttributeProto branch(String name, int kernel) {
    var random = new SplittableRandom(kernel);
    GraphProto.Builder body =
        GraphProto.newBuilder()
            .setName(name)
            .addInitializer(tensor("w", noise(random, 6, 1, kernel)))
            .addInitializer(tensor("wi", noise(random, 1, 16, 6)))
            .addInitializer(tensor("wh", noise(random, 1, 16, 4)))
            .addInitializer(tensor("wo", noise(random, 3, 4)))
            .addInitializer(tensor("axis", Tensor.ofLongs(List.of(1L), 1)))
            .addInitializer(tensor("first", Tensor.ofLongs(List.of(1L), 0)))
            .addNode(node("Unsqueeze", "wave", "x", "axis"))
            .addNode(
                node("Conv", "c", "wave", "w")
                    .addAttribute(numbers("strides", AttributeType.INTS, 4)))
            .addNode(node("Relu", "r", "c"))
            .addNode(
                node("Transpose", "steps", "r")
                    .addAttribute(numbers("perm", AttributeType.INTS, 2, 0, 1)))
            .addNode(
                node("LSTM", "all", "steps", "wi", "wh", "", "", "state", "state")
                    .addOutput("last")
                    .addAttribute(numbers("hidden_size", AttributeType.INT, 4)))
            .addNode(node("Squeeze", "h", "last", "first"))
            .addNode(
                node("Gemm", "scores", "h", "wo")
                    .addAttribute(numbers("transB", AttributeType.INT, 1)))
            .addOutput(ValueInfoProto.newBuilder().setName("scores"))
            .addOutput(ValueInfoProto.newBuilder().setName("last"));
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.GRAPH)
        .setG(body)
        .build();
  }

  private static Path sounds(Path file) throws IOException {
    var numbers = ByteBuffer.allocate(4 * SAMPLES * LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    while (numbers.hasRemaining()) {
      numbers.putFloat((float) RANDOM.nextGaussian());
    }
    byte[] header =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }\n"
            .formatted(SAMPLES, LENGTH)
            .getBytes(StandardCharsets.UTF_8);
    try (var out = Files.newOutputStream(file)) {
      out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length, 0});
      out.write(header);
      out.write(numbers.array());
    }
    return file;
  }

  private static NodeProto.Builder node(String opType, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(opType)
        .addOutput(output)
        .addAllInput(Arrays.asList(inputs));
  }

  private static AttributeProto numbers(String name, AttributeType type, long... values) {
    AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name).setType(type);
    if (type == AttributeType.INT) {
      return attribute.setI(values[0]).build();
    }
    Arrays.stream(values).forEach(attribute::addInts);
    return attribute.build();
  }

  private static Tensor noise(SplittableRandom random, long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    var values = new float[(int) Tensor.elements(sizes)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.ofFloats(sizes, values);
  }

  private static TensorProto tensor(String name, Tensor tensor) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(tensor.type().onnxCode())
        .addAllDims(tensor.shape())
        .setRawData(ByteString.copyFrom(tensor.bytes()))
        .build();
  }

  /// @param sizes numbers, or names of open axes
  private static ValueInfoProto input(String name, int type, Object... sizes) {
    TypeProto.Tensor.Builder tensor = TypeProto.Tensor.newBuilder().setElemType(type);
    tensor.getShapeBuilder();
    for (Object size : sizes) {
      if (size instanceof Integer number) {
        tensor.getShapeBuilder().addDimBuilder().setDimValue(number);
      } else {
        tensor.getShapeBuilder().addDimBuilder().setDimParam(size.toString());
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }
}
