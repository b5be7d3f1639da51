package falcon.torch.layer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.WeightStorage;
import falcon.model.layer.DenseProduct;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.stored.StoredWeights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Weights that are parts of constants, or several of them side by side, against ONNX Runtime.
@Tag("native")
class SelectedWeightsTest {
  private static final double TOLERANCE = 1e-4;
  private static final Map<String, Attribute> NONE = Map.of();

  @TempDir Path folder;

  /// A graph from an input `x` to an output `y`.
  private static final class Graph {
    private final Network.Builder builder = Network.builder("selected");
    private final SplittableRandom random = new SplittableRandom(5);
    private int count;

    Graph(long opset, long... x) {
      builder
          .opset("", opset)
          .input(
              new ValueInfo(
                  "x",
                  DataType.FLOAT32,
                  Arrays.stream(x).<Dimension>mapToObj(Dimension.Fixed::new).toList()));
    }

    String weights(String name, DataType type, long... shape) {
      List<Long> sizes = Arrays.stream(shape).boxed().toList();
      int size = Math.toIntExact(Tensor.elements(sizes));
      var values = new float[size];
      var bytes = new byte[size];
      for (int i = 0; i < size; i++) {
        values[i] = (float) random.nextGaussian();
        bytes[i] = (byte) random.nextInt();
      }
      builder.initializer(
          name,
          type.isFloatingPoint()
              ? Tensor.ofFloats(type, sizes, values)
              : Tensor.ofBytes(type, sizes, bytes));
      return name;
    }

    String weights(String name, long... shape) {
      return weights(name, DataType.FLOAT32, shape);
    }

    String longs(long... values) {
      String name = "longs" + count++;
      builder.initializer(name, Tensor.ofLongs(List.of((long) values.length), values));
      return name;
    }

    String add(String opType, Map<String, Attribute> attributes, String... inputs) {
      return addAll(1, opType, attributes, inputs).getFirst();
    }

    List<String> addAll(
        int outputs, String opType, Map<String, Attribute> attributes, String... inputs) {
      String name = opType + count++;
      var made = new ArrayList<String>();
      for (int i = 0; i < outputs; i++) {
        made.add(name + "_" + i);
      }
      builder.node(new Node(name, opType, "", List.of(inputs), made, attributes));
      return made;
    }

    String slice(String value, long start, long end, long axis, long step) {
      return add("Slice", NONE, value, longs(start), longs(end), longs(axis), longs(step));
    }

    String concat(long axis, String... values) {
      return add("Concat", Map.of("axis", number(axis)), values);
    }

    Network to(String value) {
      return builder
          .node(new Node("y", "Identity", "", List.of(value), List.of("y"), NONE))
          .output(new ValueInfo("y", DataType.FLOAT32, null))
          .build();
    }
  }

  private static Attribute number(long value) {
    return new Attribute.IntegerValue(value);
  }

  private static Attribute numbers(Long... values) {
    return new Attribute.IntegerList(List.of(values));
  }

  private static Network lstm() {
    var graph = new Graph(17, 4, 3, 6);
    var operands = new ArrayList<>(List.of("x"));
    for (String name : List.of("ih", "hh")) {
      String all = graph.weights(name, 8, name.equals("ih") ? 6 : 2);
      String ordered =
          graph.concat(
              0,
              graph.slice(all, 0, 2, 0, 1),
              graph.slice(all, 6, Long.MAX_VALUE, 0, 1),
              graph.slice(all, 2, 6, 0, 1));
      operands.add(graph.add("Unsqueeze", NONE, ordered, graph.longs(0)));
    }
    String bias =
        graph.concat(
            0, graph.slice(graph.weights("b", 16), 8, 16, 0, 1), graph.slice("b", 0, 8, 0, 1));
    operands.add(graph.add("Unsqueeze", NONE, bias, graph.longs(0)));
    return graph.to(
        graph
            .addAll(3, "LSTM", Map.of("hidden_size", number(2)), operands.toArray(String[]::new))
            .getFirst());
  }

  private static Network splitAndReordered(long opset) {
    var graph = new Graph(opset, 3, 6);
    Map<String, Attribute> attributes =
        opset < 13
            ? Map.of("axis", number(1), "split", numbers(2L, 3L, 1L))
            : Map.of("axis", number(1));
    String w = graph.weights("w", 6, 6);
    List<String> parts =
        opset < 13
            ? graph.addAll(3, "Split", attributes, w)
            : graph.addAll(3, "Split", attributes, w, graph.longs(2, 3, 1));
    String ordered = graph.concat(-1, parts.get(2), parts.get(0), parts.get(1));
    return graph.to(graph.add("MatMul", NONE, "x", ordered));
  }

  private static Network attention() {
    var graph = new Graph(18, 3, 6);
    List<String> parts =
        graph.addAll(
            3,
            "Split",
            Map.of("axis", number(0), "num_outputs", number(3)),
            graph.weights("w", 12, 6));
    String first = graph.add("MatMul", NONE, "x", graph.add("Transpose", NONE, parts.get(0)));
    String second = graph.add("Gemm", Map.of("transB", number(1)), "x", parts.get(1));
    String third = graph.add("Gemm", Map.of("transB", number(1)), "x", parts.get(2));
    return graph.to(graph.add("Sum", NONE, first, second, third));
  }

  private static Network turned() {
    var graph = new Graph(17, 2, 3, 6, 6);
    String w = graph.weights("w", 3, 3, 5, 4);
    String backwards = graph.slice(w, -1, -10, 0, -1);
    String part = graph.slice(backwards, 4, 0, 2, -2);
    String kernels = graph.add("Transpose", Map.of("perm", numbers(3L, 2L, 0L, 1L)), part);
    String all = graph.concat(1, kernels, graph.weights("more", 4, 1, 3, 3));
    return graph.to(graph.add("Conv", NONE, "x", all));
  }

  private static Network twoConstants(long axis) {
    var graph = new Graph(17, 3, 6);
    String a = graph.weights("a", DataType.FLOAT16, axis == 0 ? 2 : 6, axis == 0 ? 5 : 2);
    String b = graph.weights("b", axis == 0 ? 4 : 6, axis == 0 ? 5 : 3);
    String wide = graph.add("Cast", Map.of("to", number(1)), a);
    String w = graph.concat(axis, b, wide);
    return graph.to(graph.add("Gemm", NONE, "x", w, graph.weights("bias", 5)));
  }

  private static Network quantised() {
    var graph = new Graph(17, 3, 6);
    graph.builder.initializer("s", Tensor.ofFloats(List.of(), 0.02f));
    String a = graph.weights("a", DataType.INT8, 8, 5);
    String real = graph.add("DequantizeLinear", NONE, a, "s");
    String even = graph.slice(real, 0, 8, 0, 2);
    String odd = graph.slice(real, 7, 4, 0, -2);
    return graph.to(graph.add("MatMul", NONE, "x", graph.concat(0, odd, even)));
  }

  private static Network gathered() {
    var graph = new Graph(17, 3, 6);
    String w = graph.weights("w", 2, 6, 5);
    graph.builder.initializer("one", Tensor.ofLongs(List.of(), 1));
    String second = graph.add("Gather", NONE, w, "one");
    String ordered =
        graph.add("Gather", Map.of("axis", number(0)), second, graph.longs(5, 0, -2, 1, 3, 2));
    return graph.to(graph.add("MatMul", NONE, "x", ordered));
  }

  private static Network packed() {
    var graph = new Graph(17, 3, 6);
    String all = graph.weights("all", 6 * 5 + 5 + 3);
    String w = graph.add("Reshape", NONE, graph.slice(all, 3, 33, 0, 1), graph.longs(6, 5));
    String product = graph.add("MatMul", NONE, "x", w);
    String scale = graph.slice(all, 33, 38, 0, 1);
    return graph.to(graph.add("Mul", NONE, product, graph.add("Exp", NONE, scale)));
  }

  static List<Named<Network>> twins() {
    return List.of(
        Named.of("gates in another order", lstm()),
        Named.of("split, opset 11", splitAndReordered(11)),
        Named.of("split", splitAndReordered(17)),
        Named.of("split among three products", attention()),
        Named.of("kernels backwards, in steps, turned, with more", turned()),
        Named.of("two constants, one of float16, by rows", twoConstants(0)),
        Named.of("two constants, one of float16, by columns", twoConstants(1)),
        Named.of("dequantised, then in steps", quantised()),
        Named.of("gathered", gathered()),
        Named.of("packed with other parameters", packed()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("twins")
  void productsAndWrittenFilesAgreeWithOnnxRuntime(Network network) throws OrtException {
    Layers layers = Layers.of(network);
    assertThat(layers.denseProducts()).isEmpty();
    assertThat(layers.all()).isNotEmpty().allMatch(Layer::isPrunable);
    requireSame(network);
    Network unfolded = StoredWeights.unfolded(network);
    assertThat(unfolded.stored().initializers()).isEqualTo(network.initializers());
    var changed = new HashMap<String, Tensor>();
    for (Layer layer : layers.all()) {
      Tensor before = unfolded.tensor(layer.tensor());
      float[] values = before.toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] = i % 2 == 0 ? 0 : i % 4 == 1 ? values[i] : values[i] * 0.7f;
      }
      changed.put(layer.tensor(), before.withFloats(values));
    }
    Network pruned = unfolded.withTensors(changed);
    Network file = pruned.stored();
    Network again = StoredWeights.unfolded(file);
    for (Layer layer : layers.all()) {
      assertThat(again.tensor(layer.tensor())).isEqualTo(pruned.tensor(layer.tensor()));
      WeightStorage storage = Objects.requireNonNull(unfolded.storage(layer.tensor()));
      float[] weights = Objects.requireNonNull(changed.get(layer.tensor())).toFloats();
      var seen = new boolean[weights.length];
      storage
          .weightByElement()
          .forEach((constant, numbers) -> {
            Tensor stored = file.tensor(constant);
            assertThat(stored.type()).isEqualTo(network.tensor(constant).type());
            for (int i = 0; i < numbers.length; i++) {
              if (numbers[i] >= 0) {
                assertThat(seen[numbers[i]]).isFalse();
                seen[numbers[i]] = true;
                assertThat(number(stored, i) == 0).isEqualTo(weights[numbers[i]] == 0);
              }
            }
          });
      assertThat(seen).doesNotContain(false);
    }
    requireSame(pruned);
    requireOthersUnchanged(network, file, unfolded);
  }

  /// Elements that make no weight keep their values.
  private static void requireOthersUnchanged(Network before, Network file, Network unfolded) {
    before
        .initializers()
        .forEach((name, tensor) -> {
          var isWeight = new boolean[tensor.size()];
          for (Layer layer : Layers.of(before).all()) {
            int[] weights =
                Objects.requireNonNull(unfolded.storage(layer.tensor()))
                    .weightByElement()
                    .get(name);
            for (int i = 0; weights != null && i < weights.length; i++) {
              isWeight[i] |= weights[i] >= 0;
            }
          }
          for (int i = 0; i < isWeight.length; i++) {
            if (!isWeight[i]) {
              assertThat(number(file.tensor(name), i)).isEqualTo(number(tensor, i));
            }
          }
        });
  }

  private static double number(Tensor tensor, int i) {
    return tensor.type().isFloatingPoint() ? tensor.toFloats()[i] : tensor.toLongs()[i];
  }

  private void requireSame(Network network) throws OrtException {
    FileTwin.requireSame(network, folder.resolve("selected.onnx"), TOLERANCE, TOLERANCE);
  }

  @Test
  void anElementThatIsUsedTwiceIsNotPruned() {
    var graph = new Graph(17, 3, 6);
    String w = graph.weights("w", 6, 5);
    String twice = graph.concat(0, graph.slice(w, 0, 4, 0, 1), graph.slice(w, 3, 5, 0, 1));
    Network network = graph.to(graph.add("MatMul", NONE, "x", twice));
    assertThat(Layers.of(network).denseProducts())
        .singleElement()
        .extracting(DenseProduct::reason)
        .asString()
        .contains("holds elements of a constant twice");
  }

  @Test
  void partsThatOverlapAreNotPruned() {
    var graph = new Graph(17, 3, 6);
    String w = graph.weights("w", 13, 5);
    String a = graph.add("MatMul", NONE, "x", graph.slice(w, 0, 6, 0, 1));
    String b = graph.add("MatMul", NONE, "x", graph.slice(w, 5, 11, 0, 1));
    Network network = graph.to(graph.add("Add", NONE, a, b));
    assertThat(Layers.of(network).denseProducts())
        .extracting(DenseProduct::reason)
        .containsExactly("'w' is used in several ways", "'w' is used in several ways");
  }

  @Test
  void partsThatOthersReadAreNotPruned() {
    var graph = new Graph(17, 3, 6);
    String w = graph.weights("w", 12, 6);
    List<String> parts = graph.addAll(2, "Split", NONE, w);
    String a = graph.add("MatMul", NONE, "x", parts.get(0));
    String b = graph.add("MatMul", NONE, "x", parts.get(1));
    String third = graph.add("ReduceSum", NONE, parts.get(1));
    Network network = graph.to(graph.add("Sum", NONE, a, b, third));
    assertThat(Layers.of(network).prunable())
        .singleElement()
        .extracting(Layer::tensor)
        .isEqualTo(parts.get(0));
    assertThat(Layers.of(network).denseProducts())
        .singleElement()
        .extracting(DenseProduct::reason)
        .asString()
        .contains("ReduceSum");
  }
}
