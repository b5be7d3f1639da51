package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.format.Networks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `prune --pattern`: the zeros of written files, counted from the files by the definitions of
/// ONNX's operators alone.
@Tag("native")
class PatternCommandsTest {
  private static final int SAMPLES = 80;
  private static final int STEPS = 4;
  private static final int CHANNELS = 6;
  private static final int SIDE = 5;
  private static final int HIDDEN = 5;

  private static final int BUDGET_NOT_MET = 4;

  @TempDir static Path folder;
  private static Path net = Path.of("");
  private static String data = "";

  @BeforeAll
  static void prepare() throws IOException {
    net = folder.resolve("net.onnx");
    Networks.write(network(), net);
    data = samples(folder.resolve("x.npy")).toString();
  }

  /// A convolution, a grouped and a depthwise one, a transposed one, products from both sides, with
  /// turned and straight weights, and an LSTM of both directions.
  private static Network network() {
    var random = new SplittableRandom(11);
    Network.Builder network =
        Network.builder("all")
            .opset("", 17)
            .input(
                new ValueInfo(
                    "x",
                    DataType.FLOAT32,
                    List.of(
                        new Dimension.Symbolic("n"),
                        new Dimension.Fixed(CHANNELS),
                        new Dimension.Fixed(SIDE),
                        new Dimension.Fixed(SIDE))));
    Attribute half = new Attribute.IntegerValue(2);
    network
        .initializer("conv", noise(random, 10, CHANNELS, 3, 3))
        .node(node("Conv", "a", Map.of("pads", pads()), "x", "conv"))
        .node(node("Relu", "ar", Map.of(), "a"))
        .initializer("grouped", noise(random, 12, 5, 3, 3))
        .node(node("Conv", "b", Map.of("group", half, "pads", pads()), "ar", "grouped"))
        .node(node("Relu", "br", Map.of(), "b"))
        .initializer("depthwise", noise(random, 12, 1, 3, 3))
        .node(
            node(
                "Conv",
                "c",
                Map.of("group", new Attribute.IntegerValue(12), "pads", pads()),
                "br",
                "depthwise"))
        .initializer("transposed", noise(random, 12, 3, 2, 2))
        .node(node("ConvTranspose", "d", Map.of("group", half), "c", "transposed"))
        .node(node("GlobalAveragePool", "p", Map.of(), "d"))
        .node(node("Flatten", "f", Map.of(), "p")) // [n, 6]
        .initializer("gemm", noise(random, 9, 6))
        .node(node("Gemm", "g", Map.of("transB", new Attribute.IntegerValue(1)), "f", "gemm"))
        .node(node("Tanh", "gt", Map.of(), "g"))
        .initializer("straight", noise(random, 9, 8))
        .node(node("Gemm", "h", Map.of(), "gt", "straight"))
        .initializer("split", longs(0, STEPS, 2))
        .node(node("Reshape", "s", Map.of(), "h", "split")) // [n, 4, 2]
        .initializer("left", noise(random, 7, STEPS))
        .node(node("MatMul", "l", Map.of(), "left", "s")) // [n, 7, 2]
        .node(
            node(
                "Transpose",
                "t",
                Map.of("perm", new Attribute.IntegerList(List.of(1L, 0L, 2L))),
                "l")) // [7, n, 2]
        .initializer("input", noise(random, 2, 4 * HIDDEN, 2))
        .initializer("recurrent", noise(random, 2, 4 * HIDDEN, HIDDEN))
        .node(
            node(
                "LSTM",
                "u",
                Map.of(
                    "direction", new Attribute.StringValue("bidirectional"),
                    "hidden_size", new Attribute.IntegerValue(HIDDEN)),
                "t",
                "input",
                "recurrent")) // [7, 2, n, 5]
        .node(
            node(
                "Transpose",
                "v",
                Map.of("perm", new Attribute.IntegerList(List.of(2L, 0L, 1L, 3L))),
                "u"))
        .initializer("flat", longs(0, -1))
        .node(node("Reshape", "w", Map.of(), "v", "flat")) // [n, 70]
        .initializer("matmul", noise(random, 70, 6))
        .node(node("MatMul", "y", Map.of(), "w", "matmul"))
        .output(new ValueInfo("y", DataType.FLOAT32, null));
    return network.build();
  }

  private static Attribute pads() {
    return new Attribute.IntegerList(List.of(1L, 1L, 1L, 1L));
  }

  private static Node node(
      String opType, String output, Map<String, Attribute> attributes, String... inputs) {
    return new Node(output, opType, "", List.of(inputs), List.of(output), attributes);
  }

  private static Tensor longs(long... values) {
    return Tensor.ofLongs(List.of((long) values.length), values);
  }

  private static Tensor noise(SplittableRandom random, long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    var values = new float[Math.toIntExact(Tensor.elements(sizes))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(shape[shape.length - 1] * 3.0));
    }
    return Tensor.ofFloats(sizes, values);
  }

  private static Path samples(Path file) throws IOException {
    var random = new SplittableRandom(4);
    var values =
        ByteBuffer.allocate(4 * SAMPLES * CHANNELS * SIDE * SIDE).order(ByteOrder.LITTLE_ENDIAN);
    while (values.hasRemaining()) {
      values.putFloat((float) random.nextGaussian());
    }
    byte[] header =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d, %d, %d), }\n"
            .formatted(SAMPLES, CHANNELS, SIDE, SIDE)
            .getBytes(StandardCharsets.UTF_8);
    try (var out = Files.newOutputStream(file)) {
      out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length, 0});
      out.write(header);
      out.write(values.array());
    }
    return file;
  }

  /// The rows of each layer's weights: `[groups][outputs][places]`, indexes into the tensor. Places
  /// run over the taps, and inside of a tap over the input channels.
  private static Map<String, List<int[][]>> rows() {
    return Map.of(
        "conv", convolution(1, 10, CHANNELS, 9),
        "grouped", convolution(2, 6, 5, 9),
        "depthwise", convolution(12, 1, 1, 9),
        "transposed", transposed(2, 3, 6, 4),
        "gemm", List.<int[][]>of(matrix(9, 6, 0, 6, 1)),
        "straight", List.<int[][]>of(matrix(8, 9, 0, 1, 8)),
        "left", List.<int[][]>of(matrix(7, STEPS, 0, STEPS, 1)),
        "input", List.of(matrix(20, 2, 0, 2, 1), matrix(20, 2, 40, 2, 1)),
        "recurrent", List.of(matrix(20, 5, 0, 5, 1), matrix(20, 5, 100, 5, 1)),
        "matmul", List.<int[][]>of(matrix(6, 70, 0, 1, 6)));
  }

  private static int[][] matrix(int outputs, int inputs, int first, int perOutput, int perInput) {
    var at = new int[outputs][inputs];
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < inputs; i++) {
        at[o][i] = first + o * perOutput + i * perInput;
      }
    }
    return at;
  }

  private static List<int[][]> convolution(int groups, int outputs, int channels, int taps) {
    var all = new ArrayList<int[][]>();
    for (int g = 0; g < groups; g++) {
      var at = new int[outputs][taps * channels];
      for (int o = 0; o < outputs; o++) {
        for (int tap = 0; tap < taps; tap++) {
          for (int c = 0; c < channels; c++) {
            at[o][tap * channels + c] = ((g * outputs + o) * channels + c) * taps + tap;
          }
        }
      }
      all.add(at);
    }
    return all;
  }

  /// Weights `[groups · channels, outputs, taps]`; the window runs backwards.
  private static List<int[][]> transposed(int groups, int outputs, int channels, int taps) {
    var all = new ArrayList<int[][]>();
    for (int g = 0; g < groups; g++) {
      var at = new int[outputs][taps * channels];
      for (int o = 0; o < outputs; o++) {
        for (int tap = 0; tap < taps; tap++) {
          for (int c = 0; c < channels; c++) {
            at[o][tap * channels + c] = ((g * channels + c) * outputs + o) * taps + taps - 1 - tap;
          }
        }
      }
      all.add(at);
    }
    return all;
  }

  /// Requires a written network to have the pattern, and some zeros in all layers together.
  ///
  /// @return the number of weights that are not zero
  private static int requirePattern(Path model, String pattern) throws IOException {
    Network pruned = Networks.read(model);
    int kept = 0;
    for (Map.Entry<String, List<int[][]>> layer : rows().entrySet()) {
      float[] weights = pruned.tensor(layer.getKey()).toFloats();
      int seen = 0;
      for (int[][] group : layer.getValue()) {
        seen += group.length * group[0].length;
        if (pattern.equals("blocks")) {
          requireBlocks(layer.getKey(), weights, group);
        } else {
          requireAtMost(layer.getKey(), weights, group, pattern);
        }
      }
      assertThat(seen).as(layer.getKey()).isEqualTo(weights.length);
      kept += count(weights);
    }
    return kept;
  }

  private static int count(float[] weights) {
    int kept = 0;
    for (float weight : weights) {
      kept += weight != 0 ? 1 : 0;
    }
    return kept;
  }

  private static void requireBlocks(String name, float[] weights, int[][] group) {
    for (int first = 0; first < group.length; first += 4) {
      int end = Math.min(group.length, first + 4);
      for (int place = 0; place < group[0].length; place++) {
        int kept = 0;
        for (int o = first; o < end; o++) {
          kept += weights[group[o][place]] != 0 ? 1 : 0;
        }
        assertThat(kept).as("%s, outputs %d…, place %d", name, first, place).isIn(0, end - first);
      }
    }
  }

  private static void requireAtMost(String name, float[] weights, int[][] group, String pattern) {
    int n = Integer.parseInt(pattern.substring(0, pattern.indexOf(':')));
    int m = Integer.parseInt(pattern.substring(pattern.indexOf(':') + 1));
    for (int[] row : group) {
      for (int first = 0; first < row.length; first += m) {
        int kept = 0;
        for (int place = first; place < Math.min(row.length, first + m); place++) {
          kept += weights[row[place]] != 0 ? 1 : 0;
        }
        assertThat(kept).as("%s, place %d…", name, first).isLessThanOrEqualTo(n);
      }
    }
  }

  private static Ran prune(Path out, String... options) {
    var all = new ArrayList<>(List.of("prune", net.toString(), "--out", out.toString(), "-q"));
    all.addAll(List.of(options));
    return Ran.of(all.toArray(String[]::new));
  }

  private static JsonNode result(Path out) throws IOException {
    return new ObjectMapper().readTree(Files.readString(out.resolve("result.json")));
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "blocks, --method magnitude",
    "2:4, --method magnitude --saliency scale-free",
    "blocks, --method falcon --steps 3",
    "2:4, --method falcon --steps 3",
    "1:3, --method falcon --steps 3",
    "blocks, --method falcon++ --steps 2 --stages 2",
    "2:4, --method falcon++ --steps 2 --stages 2",
    "blocks, --method falcon++ --refit backsolve --stages 2 --samples 30",
    "2:4, --method falcon++ --refit backsolve --stages 2 --samples 30",
    "blocks, --method falcon --refit none",
    "blocks, --method falcon --steps 3 --min-keep 20%",
    "4:8, --method falcon --steps 3 --min-keep 20%",
    "blocks, --method falcon --steps 3 --nnz 400",
    "2:4, --method falcon --steps 2 --retrain 1 --retrain-rate 0.001",
    "blocks, --method falcon++ --steps 2 --stages 2 --retrain 2 --retrain-rate 0.001 --retrain-schedule gradual"
  })
  void writtenFileHasThePattern(String pattern, String method) throws IOException {
    Path out = folder.resolve("run " + pattern.replace(':', '-') + method);
    var options = new ArrayList<>(List.of("--pattern", pattern, "--macs", "30%"));
    options.addAll(List.of(method.split(" ")));
    if (!method.contains("magnitude")) {
      options.addAll(List.of("--data", data));
    }
    Ran ran = prune(out, options.toArray(String[]::new));
    assertThat(ran.code()).as(ran.err()).isZero();
    int kept = requirePattern(out.resolve("model.onnx"), pattern);
    JsonNode result = result(out);
    assertThat(result.at("/options/pattern").asText()).isEqualTo(pattern);
    assertThat(result.at("/budget/nnz/used").asInt()).isEqualTo(kept).isPositive();
    JsonNode macs = result.at("/budget/macs");
    if (method.contains("--nnz")) {
      assertThat(kept).isBetween(390, 400);
      assertThat(macs.get("used").asLong()).isLessThan(macs.get("asked").asLong());
    } else {
      assertThat(macs.get("used").asLong())
          .isBetween(macs.get("asked").asLong() * 9 / 10, macs.get("asked").asLong());
    }
    if (method.contains("--min-keep")) {
      for (JsonNode layer : result.get("layers")) {
        assertThat(layer.get("kept").asInt())
            .as(layer.toString())
            .isGreaterThanOrEqualTo((int) Math.ceil(0.2 * layer.get("weights").asInt()));
      }
    }
    assertThat(result.at("/certificate/gap").asDouble())
        .isBetween(0.0, 0.02 * result.at("/certificate/bound").asDouble());
  }

  @ParameterizedTest
  @ValueSource(strings = {"blocks", "2:4"})
  void bitsAreThoseOfAnyNumberOfThreadsAndOfAResumedRun(String pattern) throws IOException {
    String[] options = {
      "--pattern", pattern, "--macs", "30%", "--method", "falcon", "--steps", "3", "--data", data
    };
    Path out = folder.resolve("one " + pattern.replace(':', '-'));
    assertThat(prune(out, with(options, "--threads", "1")).code()).isZero();
    Path other = folder.resolve("three " + pattern.replace(':', '-'));
    assertThat(prune(other, with(options, "--threads", "3")).code()).isZero();
    byte[] model = Files.readAllBytes(out.resolve("model.onnx"));
    assertThat(Files.readAllBytes(other.resolve("model.onnx"))).isEqualTo(model);

    Files.delete(out.resolve("result.json"));
    Files.delete(out.resolve("model.onnx"));
    assertThat(prune(out, with(options, "--threads", "1", "--resume")).code()).isZero();
    assertThat(Files.readAllBytes(out.resolve("model.onnx"))).isEqualTo(model);

    options[1] = "4:8";
    Ran differs = prune(out, with(options, "--resume"));
    assertThat(differs.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(differs.err()).contains("pattern", pattern, "4:8");
  }

  private static String[] with(String[] options, String... more) {
    var all = new ArrayList<>(List.of(options));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @Test
  void scatteredIsTheDefault() throws IOException {
    Path out = folder.resolve("default");
    Path said = folder.resolve("scattered");
    assertThat(prune(out, "--method", "magnitude", "--macs", "30%").code()).isZero();
    assertThat(
            prune(said, "--method", "magnitude", "--macs", "30%", "--pattern", "SCATTERED").code())
        .isZero();
    assertThat(Files.readAllBytes(said.resolve("model.onnx")))
        .isEqualTo(Files.readAllBytes(out.resolve("model.onnx")));
    assertThat(result(out).get("identity")).isEqualTo(result(said).get("identity"));
    assertThat(result(out).at("/options/pattern").asText()).isEqualTo("scattered");
  }

  @Test
  void budgetBelowTheCheapestBlockCannotBeMet() {
    String[] options = {
      "--method", "magnitude", "--macs", "0.003k", "--include", "straight", "--pattern", "blocks"
    };
    Ran ran = prune(folder.resolve("none"), options);
    assertThat(ran.code()).isEqualTo(BUDGET_NOT_MET);
    assertThat(ran.err()).contains("allows 3 MACs", "--pattern blocks", "Ask for at least 4 MACs");
    options[options.length - 1] = "2:4";
    assertThat(prune(folder.resolve("one"), options).code()).isZero();
  }

  @Test
  void floorsBeyondThePatternCannotBeMet() {
    Ran ran =
        prune(
            folder.resolve("floor"),
            "--method",
            "magnitude",
            "--macs",
            "90%",
            "--pattern",
            "1:4",
            "--min-keep",
            "gemm=60%");
    assertThat(ran.code()).isEqualTo(BUDGET_NOT_MET);
    assertThat(ran.err())
        .contains("--min-keep gemm=60%", "layer 'gemm'", "--pattern 1:4 lets 18 stay");
    Ran blocks =
        prune(
            folder.resolve("floor"),
            "--method",
            "magnitude",
            "--macs",
            "30%",
            "--pattern",
            "blocks",
            "--min-keep",
            "31%");
    assertThat(blocks.code()).isEqualTo(BUDGET_NOT_MET);
    assertThat(blocks.err()).contains("--min-keep asks for");
  }

  @Test
  void budgetThatThePatternNeverReachesIsToldBefore() {
    Ran ran =
        Ran.of(
            "prune",
            net.toString(),
            "--method",
            "magnitude",
            "--macs",
            "80%",
            "--nnz",
            "free",
            "--pattern",
            "2:4",
            "--dry-run");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out())
        .contains("pattern of the zeros: 2:4", "--pattern 2:4 lets", "the budget decides nothing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"block", "4:4", "0:4", "2:400", "2:"})
  void otherWordsAreRefused(String pattern) {
    Ran ran = prune(folder.resolve("x"), "--macs", "30%", "--pattern", pattern);
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains("--pattern", pattern, "N:M");
  }

  /// Filters stored with their outputs last, as some exporters write them: the pattern is that of
  /// the product, not of the file's axes.
  @Test
  void storedInAnotherOrderThePatternIsThatOfTheProduct() throws IOException {
    Network network =
        Network.builder("stored")
            .opset("", 17)
            .input(
                new ValueInfo(
                    "x",
                    DataType.FLOAT32,
                    List.of(
                        new Dimension.Symbolic("n"),
                        new Dimension.Fixed(CHANNELS),
                        new Dimension.Fixed(SIDE),
                        new Dimension.Fixed(SIDE))))
            .initializer("hwio", noise(new SplittableRandom(8), 3, 3, CHANNELS, 10))
            .node(
                node(
                    "Transpose",
                    "oihw",
                    Map.of("perm", new Attribute.IntegerList(List.of(3L, 2L, 0L, 1L))),
                    "hwio"))
            .node(node("Conv", "y", Map.of(), "x", "oihw"))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .build();
    Path file = folder.resolve("stored.onnx");
    Networks.write(network, file);
    for (String pattern : List.of("blocks", "2:4")) {
      Path out = folder.resolve("stored " + pattern.replace(':', '-'));
      Ran ran =
          Ran.of(
              "prune",
              file.toString(),
              "--method",
              "magnitude",
              "--macs",
              "30%",
              "--pattern",
              pattern,
              "--out",
              out.toString());
      assertThat(ran.code()).as(ran.err()).isZero();
      float[] weights = Networks.read(out.resolve("model.onnx")).tensor("hwio").toFloats();
      assertThat(count(weights)).isBetween(155, 162);
      int[][] rows = matrix(10, 9 * CHANNELS, 0, 1, 10);
      if (pattern.equals("blocks")) {
        requireBlocks("hwio", weights, rows);
      } else {
        requireAtMost("hwio", weights, rows, pattern);
      }
    }
  }

  @Test
  void tablesArePrunedAlongTheirEntries() throws IOException {
    var random = new SplittableRandom(3);
    Network network =
        Network.builder("table")
            .opset("", 17)
            .input(
                new ValueInfo(
                    "x",
                    DataType.INT64,
                    List.of(new Dimension.Symbolic("n"), new Dimension.Fixed(3))))
            .initializer("table", noise(random, 9, 10))
            .node(node("Gather", "e", Map.of(), "table", "x"))
            .initializer("head", noise(random, 10, 4))
            .node(node("MatMul", "y", Map.of(), "e", "head"))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .build();
    Path file = folder.resolve("table.onnx");
    Networks.write(network, file);
    for (String pattern : List.of("blocks", "2:4")) {
      Path out = folder.resolve("table" + pattern.replace(':', '-'));
      Ran ran =
          Ran.of(
              "prune",
              file.toString(),
              "--method",
              "magnitude",
              "--nnz",
              "40%",
              "--macs",
              "100%",
              "--include",
              "table",
              "--pattern",
              pattern,
              "--out",
              out.toString());
      assertThat(ran.code()).as(ran.err()).isZero();
      float[] table = Networks.read(out.resolve("model.onnx")).tensor("table").toFloats();
      assertThat(count(table)).isBetween(30, 36);
      for (int entry = 0; entry < 9; entry++) {
        int e = entry;
        if (pattern.equals("blocks")) {
          var column = new int[10][1];
          Arrays.setAll(column, o -> new int[] {e * 10 + o});
          requireBlocks("table", table, column);
        } else {
          var row = new int[1][10];
          Arrays.setAll(row[0], i -> e * 10 + i);
          requireAtMost("table", table, row, pattern);
        }
      }
    }
  }
}
