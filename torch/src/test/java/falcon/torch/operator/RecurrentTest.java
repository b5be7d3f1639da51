package falcon.torch.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.grid.Comparison;
import falcon.model.onnx.OnnxFile;
import falcon.torch.Forward;
import falcon.torch.OnnxRuntime;
import falcon.torch.Precision;
import falcon.torch.UnsupportedNetworkException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("native")
class RecurrentTest {
  private static final double TOLERANCE = 1e-4;
  private static final long STEPS = 6;
  private static final long SAMPLES = 3;
  private static final long INPUTS = 5;
  private static final long HIDDEN = 4;

  @TempDir private Path folder;

  /// One combination of options.
  ///
  /// @param hasBias also initial states and, in an LSTM, peepholes
  record Case(
      String opType, String direction, boolean hasBias, boolean hasLengths, boolean resetsAfter) {}

  static Stream<Case> cases() {
    var cases = new ArrayList<Case>();
    for (String opType : List.of("LSTM", "GRU", "RNN")) {
      for (String direction : List.of("forward", "reverse", "bidirectional")) {
        for (int bits = 0; bits < (opType.equals("GRU") ? 8 : 4); bits++) {
          cases.add(new Case(opType, direction, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0));
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void allOutputsEqualThoseOfOnnxRuntime(Case combination) throws OrtException {
    Network network = network(combination, Map.of());
    Path file = folder.resolve("network.onnx");
    OnnxFile.write(network, file);
    Map<String, Tensor> inputs =
        Map.of("x", noise(new SplittableRandom(7), List.of(STEPS, SAMPLES, INPUTS)));
    List<Tensor> own = Forward.run(network, inputs, Precision.FLOAT32);
    List<Tensor> theirs = OnnxRuntime.run(file, inputs);
    assertThat(own).hasSameSizeAs(theirs).hasSize(combination.opType().equals("LSTM") ? 3 : 2);
    for (int i = 0; i < own.size(); i++) {
      assertThat(own.get(i).shape()).isEqualTo(theirs.get(i).shape());
      assertThat(own.get(i).toFloats())
          .as("%s, output %d", combination, i)
          .containsExactly(theirs.get(i).toFloats(), within((float) TOLERANCE));
    }
  }

  @Test
  void batchFirstIsTheSameWithAxesExchanged() {
    var combination = new Case("LSTM", "bidirectional", false, false, false);
    Tensor x = noise(new SplittableRandom(7), List.of(STEPS, SAMPLES, INPUTS));
    Tensor turned = turned(x, 3);
    List<Tensor> first =
        Forward.run(network(combination, Map.of()), Map.of("x", x), Precision.FLOAT64);
    List<Tensor> second =
        Forward.run(
            network(combination, Map.of("layout", new Attribute.IntegerValue(1))),
            Map.of("x", turned),
            Precision.FLOAT64);
    assertThat(second.getFirst().shape()).containsExactly(SAMPLES, STEPS, 2L, HIDDEN);
    assertThat(second.get(1).toFloats()).containsExactly(turned(first.get(1), 3).toFloats());
    assertThat(second.get(2).toFloats()).containsExactly(turned(first.get(2), 3).toFloats());
  }

  /// Options beside those of every case.
  record Options(String opType, String direction, Map<String, Attribute> attributes) {}

  static Stream<Options> options() {
    var all = new ArrayList<Options>();
    var functions =
        List.of(
            "Relu",
            "Affine",
            "LeakyRelu",
            "ThresholdedRelu",
            "ScaledTanh",
            "HardSigmoid",
            "Elu",
            "Softsign",
            "Softplus");
    for (String function : functions) {
      for (String opType : List.of("LSTM", "GRU", "RNN")) {
        var names =
            switch (opType) {
              case "LSTM" -> List.of("Sigmoid", function, "Tanh", "HardSigmoid", "Tanh", function);
              case "GRU" -> List.of("Sigmoid", function, "HardSigmoid", "Tanh");
              default -> List.of(function, "Tanh");
            };
        var attributes = new LinkedHashMap<String, Attribute>();
        attributes.put("activations", new Attribute.StringList(names));
        attributes.put("activation_alpha", new Attribute.FloatList(List.of(0.3f, 0.4f, 0.6f)));
        attributes.put("activation_beta", new Attribute.FloatList(List.of(0.7f, 0.2f, 0.5f)));
        all.add(new Options(opType, "bidirectional", attributes));
      }
    }
    for (String function : List.of("LeakyRelu", "HardSigmoid", "Elu")) {
      all.add(
          new Options(
              "RNN",
              "forward",
              Map.of("activations", new Attribute.StringList(List.of(function)))));
    }
    for (String opType : List.of("LSTM", "GRU", "RNN")) {
      all.add(new Options(opType, "reverse", Map.of("clip", new Attribute.FloatValue(0.3f))));
    }
    all.add(new Options("LSTM", "forward", Map.of("input_forget", new Attribute.IntegerValue(1))));
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("options")
  void rarerOptionsGiveTheOutputsOfOnnxRuntime(Options options) throws OrtException {
    Network network =
        network(
            new Case(options.opType(), options.direction(), true, true, false),
            options.attributes());
    Path file = folder.resolve("network.onnx");
    OnnxFile.write(network, file);
    Map<String, Tensor> inputs =
        Map.of("x", noise(new SplittableRandom(7), List.of(STEPS, SAMPLES, INPUTS)));
    List<Tensor> own = Forward.run(network, inputs, Precision.FLOAT32);
    List<Tensor> theirs = OnnxRuntime.run(file, inputs);
    assertThat(Comparison.difference(own, theirs, TOLERANCE, 1e-5)).isEmpty();
  }

  @Test
  void optionsThatAreNotKnownAreNamed() {
    assertRefused(
        Map.of("activations", new Attribute.StringList(List.of("Sigmoid", "Cosine", "Tanh"))),
        "LSTM node 'net' cannot be executed: its activation is Cosine.");
    assertRefused(
        Map.of("activations", new Attribute.StringList(List.of("Sigmoid"))),
        "LSTM node 'net' cannot be executed: it has 1 activations.");
  }

  private static void assertRefused(Map<String, Attribute> options, String message) {
    Network network = network(new Case("LSTM", "forward", false, false, false), options);
    Tensor x = noise(new SplittableRandom(7), List.of(STEPS, SAMPLES, INPUTS));
    assertThatThrownBy(() -> Forward.run(network, Map.of("x", x), Precision.FLOAT32))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessage(message);
  }

  private static Network network(Case combination, Map<String, Attribute> options) {
    String opType = combination.opType();
    boolean isLstm = opType.equals("LSTM");
    long gates = isLstm ? 4 : opType.equals("GRU") ? 3 : 1;
    long directions = combination.direction().equals("bidirectional") ? 2 : 1;
    var random = new SplittableRandom(3);
    var axes = new ArrayList<Dimension>();
    for (String name : List.of("a", "b")) {
      axes.add(new Dimension.Symbolic(name));
    }
    axes.add(new Dimension.Fixed(INPUTS));
    var builder =
        Network.builder("recurrent")
            .opset("", 17)
            .input(new ValueInfo("x", DataType.FLOAT32, axes))
            .initializer("w", noise(random, List.of(directions, gates * HIDDEN, INPUTS)))
            .initializer("r", noise(random, List.of(directions, gates * HIDDEN, HIDDEN)))
            .initializer("b", noise(random, List.of(directions, 2 * gates * HIDDEN)))
            .initializer("lengths", int32(6, 2, 4))
            .initializer("h", noise(random, List.of(directions, SAMPLES, HIDDEN)))
            .initializer("c", noise(random, List.of(directions, SAMPLES, HIDDEN)))
            .initializer("p", noise(random, List.of(directions, 3 * HIDDEN)));
    boolean hasBias = combination.hasBias();
    var inputs = new ArrayList<>(List.of("x", "w", "r"));
    inputs.add(hasBias ? "b" : "");
    inputs.add(combination.hasLengths() ? "lengths" : "");
    inputs.add(hasBias ? "h" : "");
    if (isLstm && hasBias) {
      inputs.addAll(List.of("c", "p"));
    }
    var attributes = new LinkedHashMap<String, Attribute>(options);
    attributes.put("hidden_size", new Attribute.IntegerValue(HIDDEN));
    attributes.put("direction", new Attribute.StringValue(combination.direction()));
    if (combination.resetsAfter()) {
      attributes.put("linear_before_reset", new Attribute.IntegerValue(1));
    }
    List<String> outputs = isLstm ? List.of("y", "yh", "yc") : List.of("y", "yh");
    builder.node(new Node("net", opType, "", inputs, outputs, attributes));
    outputs.forEach(output -> builder.output(new ValueInfo(output, DataType.FLOAT32, null)));
    return builder.build();
  }

  private static Tensor int32(int... values) {
    var bytes = java.nio.ByteBuffer.allocate(4 * values.length);
    bytes.order(java.nio.ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(values);
    return Tensor.ofBytes(DataType.INT32, List.of((long) values.length), bytes.array());
  }

  private static Tensor noise(SplittableRandom random, List<Long> shape) {
    var values = new float[Math.toIntExact(Tensor.elements(shape))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.7 * random.nextGaussian());
    }
    return Tensor.ofFloats(shape, values);
  }

  /// Exchanges the first two of three axes.
  private static Tensor turned(Tensor tensor, int axes) {
    assertThat(tensor.shape()).hasSize(axes);
    int a = Math.toIntExact(tensor.shape().get(0));
    int b = Math.toIntExact(tensor.shape().get(1));
    int c = Math.toIntExact(tensor.shape().get(2));
    float[] values = tensor.toFloats();
    var turned = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      turned[(i / c % b * a + i / c / b) * c + i % c] = values[i];
    }
    return Tensor.ofFloats(List.of((long) b, (long) a, (long) c), turned);
  }
}
