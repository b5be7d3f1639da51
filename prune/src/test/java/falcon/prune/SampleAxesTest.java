package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Attribute;
import falcon.model.BatchAxis;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.format.Networks;
import falcon.model.layer.Layers;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.options.BatchAxes;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.ExampleShapes;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import falcon.prune.report.PrunedNetwork;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Networks whose samples lie along another axis than the first, along none, or whose graph fixes
/// their number: each prunes to the weights of a twin whose samples come first.
@Tag("native")
class SampleAxesTest {
  private static final int SAMPLES = 60;
  private static final int STEPS = 5;
  private static final int FEATURES = 4;
  private static final int HIDDEN = 6;
  private static final int CLASSES = 3;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = Refit.class,
      names = {"RECONSTRUCT", "BACKSOLVE"})
  void timeMajorNetworksPruneToTheWeightsOfBatchFirstOnes(Refit refit) throws IOException {
    Dataset data = sequences();
    Network timeMajor = lstm("t", "n", true);
    PrunedNetwork expected = prune(lstm("n", "t", false), data, refit, 2);
    for (int threads : List.of(1, 3)) {
      PrunedNetwork pruned = prune(timeMajor, data, refit, threads);
      assertSameWeights(pruned.network(), expected.network());
      assertThat(pruned.report().macs().used()).isEqualTo(expected.report().macs().used());
      assertThat(pruned.network().inputs().getFirst().dimensions())
          .isEqualTo(timeMajor.inputs().getFirst().dimensions());
    }
  }

  @Test
  void axesAreFoundWhateverTheirNames() throws IOException {
    NetworkWithData match = NetworkWithData.of(lstm("a", "b", true), sequences(), null, Loss.AUTO);
    ValueInfo input = match.network().inputs().getFirst();
    assertThat(input.axisOfExamples()).isEqualTo(1);
    assertThat(match.notes(lstm("a", "b", true)))
        .containsExactly("axis 1 of input 'x FLOAT32[a, b, 4]' counts samples");
    assertThat(Layers.of(match.network()).totalMacs())
        .isEqualTo(
            Layers.of(ExampleShapes.parse("5,4").appliedTo(lstm("n", "t", false))).totalMacs());
    assertThat(Layers.of(ExampleShapes.parse("5,4").appliedTo(lstm("a", "b", true))).totalMacs())
        .isEqualTo(Layers.of(match.network()).totalMacs());
  }

  @Test
  void samplesThatKeepApartTellTheAxisWhereShapesDoNot() throws IOException {
    Dataset data = sequences();
    Network timeMajor = attention("a", "b", true);
    NetworkWithData match = NetworkWithData.of(timeMajor, data, null, Loss.OUTPUTS);
    assertThat(match.network().inputs().getFirst().axisOfExamples()).isEqualTo(1);
    assertThat(match.network().outputs().getFirst().axisOfExamples()).isEqualTo(1);
    NetworkWithData first =
        NetworkWithData.of(attention("a", "b", false), data, null, Loss.OUTPUTS);
    assertThat(first.network().inputs().getFirst().axisOfExamples()).isZero();
    assertSameWeights(
        prune(timeMajor, data, Refit.RECONSTRUCT, 1).network(),
        prune(attention("a", "b", false), data, Refit.RECONSTRUCT, 1).network());
  }

  @Test
  void statesMayBeOneAPieceOrOneForAllSamples() throws IOException {
    var random = new SplittableRandom(3);
    float[] x = noise(random, SAMPLES * STEPS * FEATURES);
    float[] one = noise(random, HIDDEN);
    var each = new float[SAMPLES * HIDDEN];
    for (int i = 0; i < each.length; i++) {
      each[i] = one[i % HIDDEN];
    }
    Network network = gru(new Dimension.Symbolic("n"));
    Network expected = null;
    var states =
        Map.of(
            "(60, 1, 6)", List.of((long) SAMPLES, 1L, (long) HIDDEN),
            "(1, 6)", List.of(1L, (long) HIDDEN),
            "(1, 1, 6)", List.of(1L, 1L, (long) HIDDEN));
    for (List<Long> shape : states.values()) {
      Dataset data =
          npz(
              Map.of(
                  "x", array(List.of((long) SAMPLES, (long) STEPS, (long) FEATURES), x),
                  "h0", array(shape, shape.getFirst() == SAMPLES ? each : one)));
      Network pruned = prune(network, data, Refit.RECONSTRUCT, 1).network();
      if (expected == null) {
        expected = pruned;
      }
      assertClose(pruned, expected);
    }
  }

  @Test
  void stateWithoutAnAxisOfSamplesTakesOneValueWhateverItsSizes() throws IOException {
    var random = new SplittableRandom(3);
    Dataset data =
        npz(
            Map.of(
                "x",
                array(
                    List.of((long) SAMPLES, (long) STEPS, (long) FEATURES),
                    noise(random, SAMPLES * STEPS * FEATURES)),
                "s",
                array(List.of(1L, (long) FEATURES), noise(random, FEATURES)),
                "rate",
                array(List.of(), 2)));
    Network network = withState();
    NetworkWithData match = NetworkWithData.of(network, data, null, Loss.AUTO);
    assertThat(match.network().given().keySet()).containsExactlyInAnyOrder("s", "rate");
    PrunedNetwork pruned = prune(network, data, Refit.RECONSTRUCT, 1);
    assertThat(pruned.network().given()).isEmpty();
    assertThat(Objects.requireNonNull(pruned.report().validation()).dense()).isEqualTo(100);
  }

  @Test
  void differentValuesOfAnInputForAllSamplesAreRefused() throws IOException {
    var rates = new float[SAMPLES];
    rates[7] = 1;
    Dataset data =
        npz(
            Map.of(
                "x",
                array(
                    List.of((long) SAMPLES, (long) STEPS, (long) FEATURES),
                    noise(new SplittableRandom(3), SAMPLES * STEPS * FEATURES)),
                "s",
                array(List.of(1L, (long) FEATURES), new float[FEATURES]),
                "rate",
                array(List.of((long) SAMPLES), rates)));
    assertThatThrownBy(() -> NetworkWithData.of(withState(), data, null, Loss.AUTO))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("input 'rate FLOAT32[]' takes one value for all samples")
        .hasMessageContaining("sample 7 differs from sample 0")
        .hasMessageContaining("‹batch axis›");
  }

  @Test
  void arraysOfDifferentLengthsAreRefused() throws IOException {
    Dataset data =
        npz(
            Map.of(
                "x",
                array(
                    List.of((long) SAMPLES, (long) STEPS, (long) FEATURES),
                    new float[SAMPLES * STEPS * FEATURES]),
                "h0",
                array(List.of(59L, 1L, (long) HIDDEN), new float[59 * HIDDEN])));
    Network network = gru(new Dimension.Symbolic("n"));
    assertThatThrownBy(() -> NetworkWithData.of(network, data, null, Loss.AUTO))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("array 'h0' of shape [59, 1, 6] has 59 samples, others have 60");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void batchThatTheGraphFixesIsFound(int baked) throws IOException {
    Network network = flattened(new Dimension.Symbolic("n"), baked, -1);
    NetworkWithData match = NetworkWithData.of(network, sequences(), null, Loss.AUTO);
    assertThat(BatchAxis.fixedSize(match.network())).isEqualTo(baked);
    assertThat(match.notes(network).getFirst()).contains("to %d at a time".formatted(baked));
    assertClose(
        prune(network, sequences(), Refit.RECONSTRUCT, 1).network(),
        prune(flattened(new Dimension.Symbolic("n"), -1, 20), sequences(), Refit.RECONSTRUCT, 1)
            .network());
  }

  @Test
  void batchThatAnInitialStateFixesIsFound() throws IOException {
    Network network =
        recurrent("LSTM", dimensions("n", "t"), false)
            .initializer("h0", Tensor.ofFloats(List.of(1L, 3L, 6L), new float[18]))
            .initializer("c0", Tensor.ofFloats(List.of(1L, 3L, 6L), new float[18]))
            .node(recurrence("LSTM", "xt", "W", "R", "", "", "h0", "c0"))
            .build();
    NetworkWithData match = NetworkWithData.of(network, sequences(), null, Loss.AUTO);
    assertThat(BatchAxis.fixedSize(match.network())).isEqualTo(3);
    prune(network, sequences(), Refit.RECONSTRUCT, 1);
  }

  @Test
  void fileOfOneSampleRunsSeveralAtATimeAndStaysAsItIs() throws IOException {
    Dimension one = new Dimension.Fixed(1);
    Network fixed = flattened(one, -1, 20);
    Path file = folder.resolve("fixed.onnx");
    Networks.write(fixed, file);
    Network read = Networks.read(file);
    NetworkWithData match = NetworkWithData.of(read, sequences(), null, Loss.AUTO);
    assertThat(BatchAxis.fixedSize(match.network())).isNull();
    PrunedNetwork pruned = prune(read, sequences(), Refit.RECONSTRUCT, 1);
    assertThat(pruned.network().inputs().getFirst().examples()).isEqualTo(one);
    Path again = folder.resolve("pruned.onnx");
    Networks.write(pruned.network(), again);
    assertThat(Networks.read(again).inputs()).isEqualTo(fixed.inputs());
    assertSameWeights(
        pruned.network(),
        prune(flattened(new Dimension.Symbolic("n"), -1, 20), sequences(), Refit.RECONSTRUCT, 1)
            .network());
  }

  @Test
  void timeMajorFileOfOneSampleRunsSeveralAtATime() throws IOException {
    Network fixed =
        recurrent("LSTM", List.of(fixed(STEPS), fixed(1), fixed(FEATURES)), true)
            .node(recurrence("LSTM", "x", "W", "R"))
            .build();
    assertThat(Layers.of(fixed).totalMacs())
        .isEqualTo(
            Layers.of(ExampleShapes.parse("5,4").appliedTo(lstm("n", "t", false))).totalMacs());
    NetworkWithData match = NetworkWithData.of(fixed, sequences(), null, Loss.AUTO);
    assertThat(match.network().inputs().getFirst().axisOfExamples()).isEqualTo(1);
    assertThat(BatchAxis.fixedSize(match.network())).isNull();
    assertSameWeights(
        prune(fixed, sequences(), Refit.RECONSTRUCT, 1).network(),
        prune(lstm("n", "t", false), sequences(), Refit.RECONSTRUCT, 1).network());
  }

  @Test
  void fileWhoseGraphMixesSamplesKeepsItsOne() throws IOException {
    Network mixing =
        Graphs.network("mixing", fixed(1), fixed(STEPS), fixed(FEATURES))
            .initializer("w", Graphs.noise(new SplittableRandom(5), FEATURES, CLASSES))
            .node(
                node(
                    "ReduceMean", "m", Map.of("axes", new Attribute.IntegerList(List.of(0L))), "x"))
            .node(Graphs.node("Sub", "d", "x", "m"))
            .node(Graphs.node("Add", "e", "d", "x"))
            .node(Graphs.node("MatMul", "y", "e", "w"))
            .output(Graphs.output("y"))
            .build();
    NetworkWithData match = NetworkWithData.of(mixing, sequences(), null, Loss.OUTPUTS);
    assertThat(BatchAxis.fixedSize(match.network())).isEqualTo(1);
  }

  @Test
  void axisThatIsSaidIsTaken() throws IOException {
    Network network = BatchAxes.parse("x=1").appliedTo(lstm("t", "n", true));
    assertSameWeights(
        prune(network, sequences(), Refit.RECONSTRUCT, 1).network(),
        prune(lstm("n", "t", false), sequences(), Refit.RECONSTRUCT, 1).network());
    var evaluator = new Evaluator(sequences(), null, 1);
    assertThat(evaluator.evaluate(network, Evaluator.Part.TRAIN, Progress.SILENT))
        .usingRecursiveComparison()
        .ignoringFields("seconds")
        .isEqualTo(
            evaluator.evaluate(lstm("n", "t", false), Evaluator.Part.TRAIN, Progress.SILENT));
  }

  @Test
  void axisThatNoOutputFollowsIsRefusedWithShapes() throws IOException {
    Network network = BatchAxes.parse("0").appliedTo(lstm("t", "n", true));
    Dataset data = sequences();
    assertThatThrownBy(() -> NetworkWithData.of(network, data, null, Loss.AUTO))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("no axis of output 'y' follows the number of examples")
        .hasMessageContaining("along axis 0 of 'x' it has the shapes [5, 3] and [5, 3]")
        .hasMessageContaining("‹batch axis›");
  }

  @ParameterizedTest
  @ValueSource(strings = {"z=1", "x=3", "none", "x=none"})
  void axesThatTheNetworkLacksAreRefusedWithItsInputs(String text) {
    assertThatThrownBy(() -> BatchAxes.parse(text).appliedTo(lstm("t", "n", true)))
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.USAGE))
        .hasMessageContaining("‹batch axis› " + text)
        .hasMessageContaining("The network takes [x FLOAT32[t, n, 4]]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "1,2", "x=1,x=2", "=1", "x=-1", "x=32"})
  void textsThatAreNoAxesAreRefused(String text) {
    assertThatThrownBy(() -> BatchAxes.parse(text)).hasMessageContaining("names no axis");
  }

  @Test
  void inputsMayHaveDifferentAxes() throws IOException {
    var random = new SplittableRandom(9);
    var arrays =
        Map.of(
            "x",
            array(
                List.of((long) SAMPLES, (long) STEPS, (long) FEATURES),
                noise(random, SAMPLES * STEPS * FEATURES)),
            "v",
            array(List.of((long) SAMPLES, (long) HIDDEN), noise(random, SAMPLES * HIDDEN)));
    Network network = twoInputs(true);
    NetworkWithData match = NetworkWithData.of(network, npz(arrays), null, Loss.AUTO);
    assertThat(match.network().inputs().stream().map(ValueInfo::axisOfExamples).toList())
        .containsExactly(1, 0);
    assertSameWeights(
        prune(network, npz(arrays), Refit.RECONSTRUCT, 1).network(),
        prune(twoInputs(false), npz(arrays), Refit.RECONSTRUCT, 1).network());
  }

  @Test
  void samplesMayLieAlongTheLastAxisOfInputAndOutput() throws IOException {
    var random = new SplittableRandom(2);
    Tensor w = Graphs.noise(random, CLASSES, FEATURES);
    Network columns =
        Graphs.network("columns", fixed(FEATURES), new Dimension.Symbolic("many"))
            .initializer("w", w)
            .node(Graphs.node("MatMul", "y", "w", "x"))
            .output(Graphs.output("y"))
            .build();
    var labels = new float[SAMPLES];
    Dataset data =
        npz(
            Map.of(
                "x",
                array(List.of((long) SAMPLES, (long) FEATURES), noise(random, SAMPLES * FEATURES)),
                "labels",
                array(List.of((long) SAMPLES), labels)));
    NetworkWithData match = NetworkWithData.of(columns, data, null, Loss.LABELS);
    assertThat(match.network().inputs().getFirst().axisOfExamples()).isEqualTo(1);
    PrunedNetwork pruned = prune(columns, data, Refit.RECONSTRUCT, 1);
    assertThat(pruned.report().macs().total()).isEqualTo((long) CLASSES * FEATURES);
  }

  private static Dimension fixed(long size) {
    return new Dimension.Fixed(size);
  }

  private static List<Dimension> dimensions(String first, String second) {
    return List.of(new Dimension.Symbolic(first), new Dimension.Symbolic(second), fixed(FEATURES));
  }

  private static Network lstm(String first, String second, boolean isTimeMajor) {
    return recurrent("LSTM", dimensions(first, second), isTimeMajor)
        .node(recurrence("LSTM", isTimeMajor ? "x" : "xt", "W", "R"))
        .build();
  }

  /// A recurrent network without its recurrent node, which makes `h` of `x` or `xt`.
  private static Network.Builder recurrent(
      String opType, List<Dimension> input, boolean isTimeMajor) {
    var random = new SplittableRandom(6);
    long gates = opType.equals("LSTM") ? 4 : 3;
    Network.Builder builder =
        Graphs.network("recurrent", input.toArray(Dimension[]::new))
            .initializer("W", Graphs.noise(random, 1, gates * HIDDEN, FEATURES))
            .initializer("R", Graphs.noise(random, 1, gates * HIDDEN, HIDDEN))
            .initializer("w", Graphs.noise(random, HIDDEN, CLASSES))
            .initializer("zero", Tensor.ofLongs(List.of(1L), 0))
            .node(Graphs.node("Squeeze", "s", "h", "zero"))
            .node(Graphs.node("MatMul", "y", "s", "w"))
            .output(Graphs.output("y"));
    return isTimeMajor ? builder : builder.node(transpose("xt", "x", 1, 0, 2));
  }

  private static Node recurrence(String opType, String... inputs) {
    return new Node(
        "r",
        opType,
        "",
        List.of(inputs),
        List.of("", "h"),
        Map.of("hidden_size", new Attribute.IntegerValue(HIDDEN)));
  }

  /// A GRU over `[samples, steps, features]` whose first state is an input `[1, samples, hidden]`.
  private static Network gru(Dimension samples) {
    return recurrent("GRU", List.of(samples, fixed(STEPS), fixed(FEATURES)), false)
        .input(new ValueInfo("h0", DataType.FLOAT32, List.of(fixed(1), samples, fixed(HIDDEN))))
        .node(recurrence("GRU", "xt", "W", "R", "", "", "h0"))
        .build();
  }

  /// Tokens `[n, t, f]` plus a state `[1, f]`, times a rate, through two matrices.
  private static Network withState() {
    var random = new SplittableRandom(4);
    return Graphs.network("state", STEPS, FEATURES)
        .input(new ValueInfo("s", DataType.FLOAT32, List.of(fixed(1), fixed(FEATURES))))
        .input(new ValueInfo("rate", DataType.FLOAT32, List.of()))
        .initializer("w1", Graphs.noise(random, FEATURES, HIDDEN))
        .initializer("w2", Graphs.noise(random, HIDDEN, CLASSES))
        .node(Graphs.node("Add", "a", "x", "s"))
        .node(Graphs.node("Mul", "m", "a", "rate"))
        .node(Graphs.node("MatMul", "b", "m", "w1"))
        .node(Graphs.node("Relu", "r", "b"))
        .node(Graphs.node("MatMul", "y", "r", "w2"))
        .output(Graphs.output("y"))
        .build();
  }

  /// One layer of attention over steps, a result for each step.
  private static Network attention(String first, String second, boolean isTimeMajor) {
    var random = new SplittableRandom(8);
    Network.Builder builder =
        Graphs.network("attention", dimensions(first, second).toArray(Dimension[]::new));
    for (String name : List.of("wq", "wk", "wv")) {
      builder.initializer(name, Graphs.noise(random, FEATURES, FEATURES));
    }
    String in = isTimeMajor ? "xn" : "x";
    if (isTimeMajor) {
      builder.node(transpose("xn", "x", 1, 0, 2));
    }
    builder
        .node(Graphs.node("MatMul", "q", in, "wq"))
        .node(Graphs.node("MatMul", "k", in, "wk"))
        .node(Graphs.node("MatMul", "v", in, "wv"))
        .node(transpose("kt", "k", 0, 2, 1))
        .node(Graphs.node("MatMul", "scores", "q", "kt"))
        .node(node("Softmax", "p", Map.of("axis", new Attribute.IntegerValue(-1)), "scores"))
        .node(Graphs.node("MatMul", isTimeMajor ? "yn" : "y", "p", "v"));
    if (isTimeMajor) {
      builder.node(transpose("y", "yn", 1, 0, 2));
    }
    return builder.output(Graphs.output("y")).build();
  }

  /// A product of steps and features with classes, behind a `Reshape` to `[rows, columns]`.
  private static Network flattened(Dimension samples, long rows, long columns) {
    var random = new SplittableRandom(12);
    return Graphs.network("flattened", samples, fixed(STEPS), fixed(FEATURES))
        .initializer("shape", Tensor.ofLongs(List.of(2L), rows, columns))
        .initializer("w1", Graphs.noise(random, STEPS * FEATURES, HIDDEN))
        .initializer("w2", Graphs.noise(random, HIDDEN, CLASSES))
        .node(Graphs.node("Reshape", "f", "x", "shape"))
        .node(Graphs.node("MatMul", "h", "f", "w1"))
        .node(Graphs.node("Relu", "r", "h"))
        .node(Graphs.node("MatMul", "y", "r", "w2"))
        .output(Graphs.output("y"))
        .build();
  }

  /// The mean of the steps of `x`, times a matrix, plus `v` times another one.
  private static Network twoInputs(boolean isTimeMajor) {
    var random = new SplittableRandom(13);
    Network.Builder builder =
        Graphs.network(
                "two",
                dimensions(isTimeMajor ? "a" : "b", isTimeMajor ? "b" : "a")
                    .toArray(Dimension[]::new))
            .input(
                new ValueInfo(
                    "v", DataType.FLOAT32, List.of(new Dimension.Symbolic("b"), fixed(HIDDEN))))
            .initializer("w1", Graphs.noise(random, FEATURES, CLASSES))
            .initializer("w2", Graphs.noise(random, HIDDEN, CLASSES));
    if (!isTimeMajor) {
      builder.node(transpose("xt", "x", 1, 0, 2));
    }
    return builder
        .node(
            node(
                "ReduceMean",
                "m",
                Map.of(
                    "axes", new Attribute.IntegerList(List.of(0L)),
                    "keepdims", new Attribute.IntegerValue(0)),
                isTimeMajor ? "x" : "xt"))
        .node(Graphs.node("MatMul", "a", "m", "w1"))
        .node(Graphs.node("MatMul", "b", "v", "w2"))
        .node(Graphs.node("Add", "y", "a", "b"))
        .output(Graphs.output("y"))
        .build();
  }

  private static Node transpose(String output, String input, long... order) {
    return node(
        "Transpose",
        output,
        Map.of("perm", new Attribute.IntegerList(Arrays.stream(order).boxed().toList())),
        input);
  }

  private static Node node(
      String opType, String output, Map<String, Attribute> attributes, String... inputs) {
    return new Node(output, opType, "", List.of(inputs), List.of(output), attributes);
  }

  private static PrunedNetwork prune(Network network, Dataset data, Refit refit, int threads) {
    return Falcon.prune(network, data, BudgetRequest.macs(0.5))
        .options(
            PruningOptions.builder()
                .method(Method.FALCON)
                .refit(refit)
                .samples(40)
                .threads(threads)
                .build())
        .run();
  }

  private static void assertSameWeights(Network found, Network expected) {
    expected
        .initializers()
        .forEach((name, tensor) -> {
          if (tensor.type().isFloatingPoint()) {
            assertThat(found.tensor(name).toFloats()).as(name).isEqualTo(tensor.toFloats());
          }
        });
  }

  /// Sums of the same numbers in another order.
  private static void assertClose(Network found, Network expected) {
    for (String name : List.of("w1", "w2", "W", "R", "w")) {
      Tensor tensor = expected.initializers().get(name);
      if (tensor != null) {
        assertThat(found.tensor(name).toFloats())
            .as(name)
            .containsExactly(tensor.toFloats(), within(2e-2f));
      }
    }
  }

  private Dataset sequences() throws IOException {
    var random = new SplittableRandom(1);
    var labels = new float[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      labels[i] = i % CLASSES;
    }
    return npz(
        Map.of(
            "x",
            array(
                List.of((long) SAMPLES, (long) STEPS, (long) FEATURES),
                noise(random, SAMPLES * STEPS * FEATURES)),
            "labels",
            array(List.of((long) SAMPLES), labels)));
  }

  private static float[] noise(SplittableRandom random, int count) {
    var values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static Tensor array(List<Long> shape, float... values) {
    return Tensor.ofFloats(shape, values);
  }

  private Dataset npz(Map<String, Tensor> arrays) throws IOException {
    Path file = Files.createTempFile(folder, "data", ".npz");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (Map.Entry<String, Tensor> array : new LinkedHashMap<>(arrays).entrySet()) {
        zip.putNextEntry(new ZipEntry(array.getKey() + ".npy"));
        ByteBuffer bytes = array.getValue().bytes();
        var content = new byte[bytes.remaining()];
        bytes.order(ByteOrder.LITTLE_ENDIAN).get(content);
        zip.write(NpyBytes.of("<f4", array.getValue().shape(), content));
      }
    }
    return Datasets.open(file);
  }
}
