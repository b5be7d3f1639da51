package falcon.model.naming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What an exporter does to the tensors of a state dict, and what is made of it when the network's
/// constants have changed.
class StateNamesTest {
  private final SplittableRandom random = new SplittableRandom(7);
  private final Map<String, Tensor> state = new LinkedHashMap<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final List<Node> nodes = new ArrayList<>();

  private float[] noise(int count) {
    var values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private float[] positive(int count) {
    float[] values = noise(count);
    for (int i = 0; i < count; i++) {
      values[i] = 0.5f + Math.abs(values[i]);
    }
    return values;
  }

  private static Tensor tensor(float[] values, long... shape) {
    return Tensor.ofFloats(list(shape), values);
  }

  private static List<Long> list(long... shape) {
    return Arrays.stream(shape).boxed().toList();
  }

  private void node(String name, String opType, Map<String, Attribute> attributes, String... in) {
    String before = nodes.isEmpty() ? "x" : nodes.getLast().outputs().getFirst();
    var inputs = new ArrayList<>(List.of(before));
    inputs.addAll(List.of(in));
    nodes.add(new Node(name, opType, "", inputs, List.of("v" + nodes.size()), attributes));
  }

  private Network network() {
    Network.Builder builder =
        Network.builder("test")
            .opset("", 17)
            .input(new ValueInfo("x", DataType.FLOAT32, List.of(new Dimension.Symbolic("n"))))
            .output(new ValueInfo(nodes.getLast().outputs().getFirst(), DataType.FLOAT32, null));
    constants.forEach(builder::initializer);
    nodes.forEach(builder::node);
    return builder.build();
  }

  /// The weights pruned where the index is a multiple of three, all others and all biases moved.
  private static Network pruned(Network network, Map<String, Tensor> masks) {
    var changed = new LinkedHashMap<String, Tensor>();
    network
        .initializers()
        .forEach((name, tensor) -> {
          float[] values = tensor.toFloats();
          Tensor mask = masks.get(name);
          for (int i = 0; i < values.length; i++) {
            values[i] = mask != null && mask.bytes().get(i) == 0 ? 0 : values[i] * 1.25f + 0.01f;
          }
          changed.put(name, tensor.withFloats(values));
        });
    return network.withTensors(changed);
  }

  private static Map<String, Tensor> masks(Network network, String... names) {
    var masks = new LinkedHashMap<String, Tensor>();
    for (String name : names) {
      Tensor tensor = network.tensor(name);
      var kept = new byte[tensor.size()];
      for (int i = 0; i < kept.length; i++) {
        kept[i] = (byte) (i % 3 == 0 ? 0 : 1);
      }
      masks.put(name, Tensor.ofBytes(DataType.BOOL, tensor.shape(), kept));
    }
    return masks;
  }

  private StateNames.Renamed renamed(String... masked) {
    Network network = network();
    Map<String, Tensor> masks = masks(network, masked);
    return StateNames.of(network, new StateDict(state, Map.of()))
        .renamed(pruned(network, masks), masks);
  }

  private static float[] values(StateDict dict, String name) {
    return Objects.requireNonNull(dict.tensors().get(name), name).toFloats();
  }

  private static void requireNear(float[] found, float[] wanted) {
    assertThat(found).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(found[i]).as("element %d", i).isCloseTo(wanted[i], within(2e-5f));
    }
  }

  /// A BatchNormalization in the state dict.
  private void norm(String module, int channels, boolean isAffine) {
    if (isAffine) {
      state.put(module + ".weight", tensor(noise(channels), channels));
      state.put(module + ".bias", tensor(noise(channels), channels));
    }
    state.put(module + ".running_mean", tensor(noise(channels), channels));
    state.put(module + ".running_var", tensor(positive(channels), channels));
    state.put(module + ".num_batches_tracked", Tensor.ofLongs(List.of(), 5));
  }

  private float[] of(String name) {
    Tensor tensor = state.get(name);
    return tensor == null ? new float[0] : tensor.toFloats();
  }

  /// Weights and bias of a convolution of the state dict with a normalisation folded in, computed
  /// in float32 as exporters do.
  private float[][] folded(
      Map<String, Tensor> from, String layer, String norm, int[] channels, double epsilon) {
    var dict = new StateDict(from, Map.of());
    float[] weights = values(dict, layer + ".weight");
    float[] mean = values(dict, norm + ".running_mean");
    float[] variance = values(dict, norm + ".running_var");
    boolean isAffine = from.containsKey(norm + ".weight");
    var bias = new float[mean.length];
    var made = new float[weights.length];
    var factors = new float[mean.length];
    for (int c = 0; c < mean.length; c++) {
      float scale = isAffine ? values(dict, norm + ".weight")[c] : 1;
      factors[c] = scale / (float) Math.sqrt(variance[c] + (float) epsilon);
      float own = from.containsKey(layer + ".bias") ? values(dict, layer + ".bias")[c] : 0;
      bias[c] = (own - mean[c]) * factors[c] + (isAffine ? values(dict, norm + ".bias")[c] : 0);
    }
    for (int i = 0; i < made.length; i++) {
      made[i] = weights[i] * factors[channels[i]];
    }
    return new float[][] {made, bias};
  }

  private static int[] channels(int count, int each) {
    var channels = new int[count * each];
    Arrays.setAll(channels, i -> i / each);
    return channels;
  }

  @ParameterizedTest
  @CsvSource({
    "true, true, 1e-5",
    "true, false, 1e-5",
    "false, true, 1e-3",
    "false, false, 1e-3",
    "true, true, 3e-4"
  })
  void aFoldedNormalisationIsUnfolded(boolean isAffine, boolean hasBias, double epsilon) {
    int[] channels = channels(4, 18);
    state.put("conv.weight", tensor(noise(72), 4, 2, 3, 3));
    if (hasBias) {
      state.put("conv.bias", tensor(noise(4), 4));
    }
    norm("bn", 4, isAffine);
    float[][] made = folded(state, "conv", "bn", channels, epsilon);
    constants.put("onnx::Conv_3", tensor(made[0], 4, 2, 3, 3));
    constants.put("onnx::Conv_4", tensor(made[1], 4));
    node("Conv_0", "Conv", Map.of(), "onnx::Conv_3", "onnx::Conv_4");

    StateNames.Renamed renamed = renamed("onnx::Conv_3");
    assertThat(renamed.problems()).isEmpty();
    Network network = network();
    Map<String, Tensor> masks = masks(network, "onnx::Conv_3");
    Network pruned = pruned(network, masks);
    float[][] again = folded(renamed.weights().tensors(), "conv", "bn", channels, epsilon);
    requireNear(again[0], pruned.tensor("onnx::Conv_3").toFloats());
    requireNear(again[1], pruned.tensor("onnx::Conv_4").toFloats());
    assertThat(renamed.masks().tensors())
        .isEqualTo(Map.of("conv.weight", Objects.requireNonNull(masks.get("onnx::Conv_3"))));
    assertThat(renamed.weights().tensors().keySet()).containsExactlyElementsOf(state.keySet());
    assertThat(renamed.weights().tensors().get("bn.running_var"))
        .isSameAs(state.get("bn.running_var"));
  }

  @Test
  void aTransposedConvolutionHasItsChannelsInTheSecondAxis() {
    int[] channels = new int[4 * 3 * 4];
    for (int i = 0; i < channels.length; i++) {
      channels[i] = i / 24 * 3 + i / 4 % 3; // two groups of two inputs and three outputs
    }
    state.put("up.weight", tensor(noise(48), 4, 3, 2, 2));
    norm("bn", 6, true);
    float[][] made = folded(state, "up", "bn", channels, 1e-5);
    constants.put("w", tensor(made[0], 4, 3, 2, 2));
    constants.put("b", tensor(made[1], 6));
    node("up", "ConvTranspose", Map.of("group", new Attribute.IntegerValue(2)), "w", "b");
    StateNames.Renamed renamed = renamed("w");
    assertThat(renamed.problems()).isEmpty();
    float[][] again = folded(renamed.weights().tensors(), "up", "bn", channels, 1e-5);
    Network network = network();
    requireNear(again[0], pruned(network, masks(network, "w")).tensor("w").toFloats());
  }

  /// Networks that are not trained yet: all normalisations have the same values. The order of
  /// modules decides, or their numbers, or nothing.
  @ParameterizedTest
  @CsvSource({
    "a.conv a.bn b.conv b.bn, a.bn b.bn",
    "conv1 conv2 bn1 bn2, bn1 bn2",
    "0 1 3 4, 1 4",
    "first second norma normb, ''"
  })
  void equalNormalisationsAreToldApartByOrderOrNotAtAll(String modules, String wanted) {
    var layers = new ArrayList<String>();
    var norms = new ArrayList<String>();
    for (String module : modules.split(" ", -1)) {
      boolean isNorm = module.contains("bn") || module.contains("norm") || module.matches("[14]");
      if (isNorm) {
        norms.add(module);
        state.put(module + ".weight", tensor(new float[] {1, 1, 1}, 3));
        state.put(module + ".bias", tensor(new float[3], 3));
        state.put(module + ".running_mean", tensor(new float[3], 3));
        state.put(module + ".running_var", tensor(new float[] {1, 1, 1}, 3));
      } else {
        layers.add(module);
        state.put(module + ".weight", tensor(noise(27), 3, 3, 3, 1));
      }
    }
    for (int i = 0; i < 2; i++) {
      float[][] made = folded(state, layers.get(i), norms.get(i), channels(3, 9), 1e-5);
      constants.put("w" + i, tensor(made[0], 3, 3, 3, 1));
      constants.put("b" + i, tensor(made[1], 3));
      node("", "Conv", Map.of(), "w" + i, "b" + i);
    }
    StateNames.Renamed renamed = renamed("w0", "w1");
    if (wanted.isEmpty()) {
      assertThat(renamed.problems()).hasSize(4);
      assertThat(renamed.problems().getFirst())
          .startsWith("'w0' is folded")
          .contains("first.weight with norma, first.weight with normb");
    } else {
      assertThat(renamed.problems()).isEmpty();
      for (int i = 0; i < 2; i++) {
        String norm = wanted.split(" ", -1)[i];
        assertThat(renamed.changed()).contains(norm + ".bias", layers.get(i) + ".weight");
      }
    }
  }

  /// A channel whose factor is zero has no weights in the folded network; if it gets some, its
  /// normalisation lets them through.
  @Test
  void aChannelOfFactorZeroIsRevived() {
    state.put("conv.weight", tensor(noise(18), 2, 1, 3, 3));
    norm("bn", 2, true);
    float[] scale = of("bn.weight");
    scale[1] = 0;
    state.put("bn.weight", tensor(scale, 2));
    float[][] made = folded(state, "conv", "bn", channels(2, 9), 1e-5);
    constants.put("w", tensor(made[0], 2, 1, 3, 3));
    constants.put("b", tensor(made[1], 2));
    node("/conv/Conv", "Conv", Map.of(), "w", "b");
    StateNames.Renamed renamed = renamed("w");
    assertThat(renamed.problems()).isEmpty();
    float[][] again = folded(renamed.weights().tensors(), "conv", "bn", channels(2, 9), 1e-5);
    Network network = network();
    Network pruned = pruned(network, masks(network, "w"));
    requireNear(again[0], pruned.tensor("w").toFloats());
    requireNear(again[1], pruned.tensor("b").toFloats());
  }

  private static float[] transposed(float[] values, int rows) {
    int columns = values.length / rows;
    var result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i % columns * rows + i / columns] = values[i];
    }
    return result;
  }

  @Test
  void aLinearWeightMayBeTransposed() {
    state.put("module.fc.weight", tensor(noise(15), 5, 3));
    state.put("module.fc.bias", tensor(noise(5), 5));
    constants.put("onnx::MatMul_7", tensor(transposed(of("module.fc.weight"), 5), 3, 5));
    constants.put("fc.bias", tensor(of("module.fc.bias"), 5));
    node("/fc/MatMul", "MatMul", Map.of(), "onnx::MatMul_7");
    node("/fc/Add", "Add", Map.of(), "fc.bias");
    StateNames.Renamed renamed = renamed("onnx::MatMul_7");
    assertThat(renamed.problems()).isEmpty();
    Network network = network();
    Network pruned = pruned(network, masks(network, "onnx::MatMul_7"));
    assertThat(transposed(values(renamed.weights(), "module.fc.weight"), 5))
        .containsExactly(pruned.tensor("onnx::MatMul_7").toFloats());
    assertThat(values(renamed.weights(), "module.fc.bias"))
        .containsExactly(pruned.tensor("fc.bias").toFloats());
    Tensor kept = Objects.requireNonNull(renamed.masks().tensors().get("module.fc.weight"));
    assertThat(kept.shape()).containsExactly(5L, 3L);
    assertThat(kept.bytes().get(1)).isEqualTo((byte) 1); // [0, 1] is element 5 of [3, 5]
    assertThat(kept.bytes().get(4)).isZero(); // [1, 1] is element 6
  }

  /// The weights of an attention are one tensor in PyTorch, and may be several constants.
  @Test
  void aConstantMayBeRowsOfATensor() {
    state.put("attention.in_proj_weight", tensor(noise(48), 12, 4));
    state.put("attention.in_proj_bias", tensor(new float[12], 12)); // as it is before training
    float[] all = of("attention.in_proj_weight");
    constants.put("q", tensor(transposed(Arrays.copyOf(all, 16), 4), 4, 4));
    constants.put("kv", tensor(transposed(Arrays.copyOfRange(all, 16, 48), 8), 4, 8));
    constants.put("bq", tensor(new float[4], 4));
    constants.put("bkv", tensor(new float[8], 8));
    node("", "MatMul", Map.of(), "q");
    node("", "Add", Map.of(), "bq");
    node("", "MatMul", Map.of(), "kv");
    node("", "Add", Map.of(), "bkv");
    StateNames.Renamed renamed = renamed("q", "kv");
    assertThat(renamed.problems()).isEmpty();
    Network network = network();
    Network pruned = pruned(network, masks(network, "q", "kv"));
    float[] found = values(renamed.weights(), "attention.in_proj_weight");
    assertThat(transposed(Arrays.copyOf(found, 16), 4))
        .containsExactly(pruned.tensor("q").toFloats());
    assertThat(transposed(Arrays.copyOfRange(found, 16, 48), 8))
        .containsExactly(pruned.tensor("kv").toFloats());
    assertThat(values(renamed.weights(), "attention.in_proj_bias")).containsOnly(0.01f);
  }

  /// Optimisers join the projections of an attention into one product.
  @Test
  void aConstantMayBeJoinedOfSeveralTensors() {
    var joined = new float[24];
    for (int i = 0; i < 3; i++) {
      String module = List.of("query", "key", "value").get(i);
      state.put(module + ".weight", tensor(noise(8), 2, 4));
      System.arraycopy(of(module + ".weight"), 0, joined, 8 * i, 8);
    }
    constants.put("qkv", tensor(transposed(joined, 6), 4, 6));
    node("", "MatMul", Map.of(), "qkv");
    StateNames.Renamed renamed = renamed("qkv");
    assertThat(renamed.problems()).isEmpty();
    Network network = network();
    float[] wanted = transposed(pruned(network, masks(network, "qkv")).tensor("qkv").toFloats(), 4);
    assertThat(values(renamed.weights(), "key.weight"))
        .containsExactly(Arrays.copyOfRange(wanted, 8, 16));
  }

  /// PyTorch stacks input, forget, cell, output; ONNX input, output, forget, cell.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theGatesOfAnLstmAreOrdered(boolean isBiasSummed) {
    int hidden = 2;
    int[] order = {0, 3, 1, 2};
    state.put("lstm.weight_ih_l0", tensor(noise(24), 8, 3));
    state.put("lstm.weight_hh_l0", tensor(noise(16), 8, 2));
    state.put("lstm.bias_ih_l0", tensor(noise(8), 8));
    state.put("lstm.bias_hh_l0", tensor(noise(8), 8));
    var w = new float[24];
    var r = new float[16];
    var b = new float[16];
    for (int row = 0; row < 8; row++) {
      int from = order[row / hidden] * hidden + row % hidden;
      System.arraycopy(of("lstm.weight_ih_l0"), from * 3, w, row * 3, 3);
      System.arraycopy(of("lstm.weight_hh_l0"), from * 2, r, row * 2, 2);
      float first = of("lstm.bias_ih_l0")[from];
      float second = of("lstm.bias_hh_l0")[from];
      b[row] = isBiasSummed ? first + second : first;
      b[8 + row] = isBiasSummed ? 0 : second;
    }
    constants.put("W", tensor(w, 1, 8, 3));
    constants.put("R", tensor(r, 1, 8, 2));
    constants.put("B", tensor(b, 1, 16));
    node("/lstm/LSTM", "LSTM", Map.of("hidden_size", new Attribute.IntegerValue(2)), "W", "R", "B");
    StateNames.Renamed renamed = renamed("W", "R");
    assertThat(renamed.problems()).isEmpty();
    Network network = network();
    Network pruned = pruned(network, masks(network, "W", "R"));
    for (int row = 0; row < 8; row++) {
      int from = order[row / hidden] * hidden + row % hidden;
      assertThat(values(renamed.weights(), "lstm.weight_ih_l0")[from * 3 + 1])
          .isEqualTo(pruned.tensor("W").toFloats()[row * 3 + 1]);
      assertThat(
              values(renamed.weights(), "lstm.bias_ih_l0")[from]
                  + values(renamed.weights(), "lstm.bias_hh_l0")[from])
          .isCloseTo(
              pruned.tensor("B").toFloats()[row] + pruned.tensor("B").toFloats()[8 + row],
              within(1e-5f));
    }
  }

  @Test
  void equalTensorsAreNamedWhereNothingTellsThemApart() {
    float[] equal = noise(12);
    state.put("one.weight", tensor(equal, 4, 3));
    state.put("two.weight", tensor(equal, 4, 3));
    constants.put("onnx::MatMul_1", tensor(transposed(equal, 4), 3, 4));
    node("MatMul_0", "MatMul", Map.of(), "onnx::MatMul_1");
    assertThat(renamed("onnx::MatMul_1").problems())
        .containsExactly(
            "'onnx::MatMul_1' may be any of one.weight, two.weight, which have the same values");
  }

  @Test
  void theModuleInANodesNameTellsEqualTensorsApart() {
    float[] equal = noise(12);
    state.put("blocks.0.one.weight", tensor(equal, 4, 3));
    state.put("blocks.1.one.weight", tensor(equal, 4, 3));
    constants.put("onnx::MatMul_1", tensor(transposed(equal, 4), 3, 4));
    node("/blocks/blocks.1/one/MatMul", "MatMul", Map.of(), "onnx::MatMul_1");
    StateNames.Renamed renamed = renamed("onnx::MatMul_1");
    assertThat(renamed.problems()).isEmpty();
    assertThat(renamed.changed()).containsExactly("blocks.1.one.weight");
  }

  /// An exporter merges equal constants; the values that read the merged one keep the parameters'
  /// names.
  @Test
  void aMergedConstantChangesAllParametersThatItIs() {
    state.put("a.bias", tensor(new float[3], 3));
    state.put("b.bias", tensor(new float[3], 3));
    state.put("c.bias", tensor(new float[3], 3));
    constants.put("a.bias", tensor(new float[3], 3));
    node("", "Add", Map.of(), "a.bias");
    nodes.add(new Node("", "Identity", "", List.of("a.bias"), List.of("b.bias"), Map.of()));
    nodes.add(new Node("", "Add", "", List.of("v0", "b.bias"), List.of("v2"), Map.of()));
    StateNames.Renamed renamed = renamed();
    assertThat(renamed.problems()).isEmpty();
    assertThat(renamed.changed()).containsExactly("a.bias", "b.bias");
  }

  /// Tied weights of which the network has two copies, and only one was pruned, are two in the
  /// network and one in PyTorch.
  @Test
  void tiedWeightsThatDifferNowAreAConflict() {
    Tensor tied = tensor(noise(12), 4, 3);
    state.put("embedding.weight", tied);
    state.put("head.weight", tied);
    constants.put("embedding.weight", tensor(of("head.weight"), 4, 3));
    constants.put("onnx::MatMul_1", tensor(transposed(of("head.weight"), 4), 3, 4));
    nodes.add(
        new Node("", "Gather", "", List.of("embedding.weight", "x"), List.of("v0"), Map.of()));
    node("/head/MatMul", "MatMul", Map.of(), "onnx::MatMul_1");
    Network network = network();
    Map<String, Tensor> masks = masks(network, "onnx::MatMul_1");
    Map<String, Tensor> changed =
        Map.of("onnx::MatMul_1", pruned(network, masks).tensor("onnx::MatMul_1"));
    StateNames.Renamed renamed =
        StateNames.of(network, new StateDict(state, Map.of()))
            .renamed(network.withTensors(changed), masks);
    assertThat(renamed.problems())
        .containsExactly(
            "'onnx::MatMul_1' and 'embedding.weight' are both head.weight in the state dict, but differ now");
    assertThat(renamed.weights().tensors()).isEqualTo(state);
    assertThat(renamed.masks().tensors()).isEmpty();
  }

  /// A module of PyTorch lists tied parameters once, under the first name.
  @Test
  void tiedWeightsHaveOneMaskAndStayTied() {
    Tensor tied = tensor(noise(12), 4, 3);
    state.put("embedding.weight", tied);
    state.put("head.weight", tied);
    constants.put("embedding.weight", tensor(of("head.weight"), 4, 3));
    nodes.add(
        new Node("", "Gather", "", List.of("embedding.weight", "x"), List.of("v0"), Map.of()));
    node("", "Gemm", Map.of("transB", new Attribute.IntegerValue(1)), "embedding.weight");
    StateNames.Renamed renamed = renamed("embedding.weight");
    assertThat(renamed.problems()).isEmpty();
    assertThat(renamed.masks().tensors().keySet()).containsExactly("embedding.weight");
    assertThat(renamed.weights().tensors().get("head.weight"))
        .isSameAs(renamed.weights().tensors().get("embedding.weight"))
        .isNotEqualTo(tied);
  }

  @Test
  void parametersThatPyTorchHasPrunedKeepTheirForm() {
    float[] values = noise(12);
    var mask = new float[12];
    var product = new float[12];
    for (int i = 0; i < 12; i++) {
      mask[i] = i % 4 == 0 ? 0 : 1;
      product[i] = values[i] * mask[i];
    }
    state.put("fc.weight_orig", tensor(values, 4, 3));
    state.put("fc.weight_mask", tensor(mask, 4, 3));
    constants.put("fc.weight", tensor(product, 4, 3));
    node("", "Gemm", Map.of("transB", new Attribute.IntegerValue(1)), "fc.weight");
    StateNames.Renamed renamed = renamed("fc.weight");
    assertThat(renamed.problems()).isEmpty();
    float[] kept = values(renamed.weights(), "fc.weight_mask");
    for (int i = 0; i < 12; i++) {
      assertThat(kept[i]).isEqualTo(i % 3 == 0 ? 0 : 1);
    }
    assertThat(values(renamed.weights(), "fc.weight_orig")[0]).isZero();
    assertThat(renamed.masks().tensors().keySet()).containsExactly("fc.weight_orig");
  }

  @Test
  void aNetworkInHalfPrecisionIsThatOfAStateDictInFull() {
    state.put("fc.weight", tensor(noise(12), 4, 3));
    constants.put("w", Tensor.ofFloats(DataType.FLOAT16, list(4, 3), of("fc.weight")));
    node("", "Gemm", Map.of("transB", new Attribute.IntegerValue(1)), "w");
    StateNames.Renamed renamed = renamed("w");
    assertThat(renamed.problems()).isEmpty();
    assertThat(Objects.requireNonNull(renamed.weights().tensors().get("fc.weight")).type())
        .isEqualTo(DataType.FLOAT32);
  }

  @Test
  void tensorsOfAnotherCheckpointAreMissing() {
    state.put("fc.weight", tensor(noise(12), 4, 3));
    constants.put("fc.weight", tensor(noise(12), 4, 3));
    constants.put("other", tensor(noise(10), 5, 2));
    node("", "Gemm", Map.of(), "fc.weight");
    node("", "MatMul", Map.of(), "other");
    assertThat(renamed("fc.weight", "other").problems())
        .containsExactly(
            "'fc.weight' has values that no tensor of the state dict has (fc.weight has its size)",
            "'other' is in no tensor of the state dict: none has 10 elements");
  }

  @Test
  void masksAndNetworksOfOtherShapesAreRefused() {
    state.put("fc.weight", tensor(noise(12), 4, 3));
    constants.put("w", tensor(of("fc.weight"), 4, 3));
    node("", "MatMul", Map.of(), "w");
    Network network = network();
    StateNames names = StateNames.of(network, new StateDict(state, Map.of()));
    Tensor mask = Tensor.ofBytes(DataType.BOOL, list(3, 4), new byte[12]);
    assertThatThrownBy(() -> names.renamed(network, Map.of("w", mask)))
        .hasMessage("the mask of 'w' is BOOL[3, 4], the network has FLOAT32[4, 3] there");
    assertThatThrownBy(() -> names.renamed(network, Map.of("v", mask)))
        .hasMessage("the mask names 'v', which is no constant of the network");
    constants.put("w", tensor(noise(15), 5, 3));
    Network other = network();
    assertThatThrownBy(() -> names.renamed(other, Map.of()))
        .hasMessageStartingWith("'w' is FLOAT32[4, 3] in the dense network and FLOAT32[5, 3]");
  }
}
