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
import falcon.model.layer.DenseProduct;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.stored.StoredWeights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Weights of products of whole numbers, as dynamic quantisation writes them, against ONNX Runtime.
@Tag("native")
class IntegerProductsTest {
  private static final double TOLERANCE = 1e-4;
  private static final int COLUMNS = 4;

  private final Network.Builder builder = Network.builder("integers").opset("", 17);
  private final SplittableRandom random = new SplittableRandom(9);

  @TempDir Path folder;

  private void node(String opType, List<String> inputs, String... outputs) {
    Map<String, Attribute> attributes =
        opType.equals("Cast") ? Map.of("to", new Attribute.IntegerValue(1)) : Map.of();
    builder.node(new Node(outputs[0], opType, "", inputs, List.of(outputs), attributes));
  }

  private void weights(String name, DataType type, Long... shape) {
    var bytes = new byte[Math.toIntExact(Tensor.elements(List.of(shape)))];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) random.nextInt();
    }
    builder.initializer(name, Tensor.ofBytes(type, List.of(shape), bytes));
  }

  /// Adds `x`, quantised.
  private void quantised(long... shape) {
    var dimensions = new ArrayList<Dimension>();
    for (long size : shape) {
      dimensions.add(new Dimension.Fixed(size));
    }
    builder.input(new ValueInfo("x", DataType.FLOAT32, dimensions));
    node("DynamicQuantizeLinear", List.of("x"), "numbers", "scale", "zero");
  }

  private void scales(String name, boolean isByColumn) {
    var values = new float[isByColumn ? COLUMNS : 1];
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.01f * (i + 1);
    }
    List<Long> shape = isByColumn ? List.of((long) COLUMNS) : List.of();
    builder.initializer(name, Tensor.ofFloats(shape, values));
  }

  private void zeros(String name, DataType type, boolean isByColumn, int... zeros) {
    var bytes = new byte[isByColumn ? COLUMNS : 1];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) zeros[i % zeros.length];
    }
    List<Long> shape = isByColumn ? List.of((long) COLUMNS) : List.of();
    builder.initializer(name, Tensor.ofBytes(type, shape, bytes));
  }

  /// Adds a product of `numbers` with weights `w`, whose scale is `s` and zero point `z`.
  private void product(String opType, String w, @Nullable String zero, boolean isTurned, String y) {
    var inputs = new ArrayList<>(List.of("numbers", w, "zero"));
    if (zero != null) {
      inputs.add(zero);
    }
    node(opType, inputs, y + "_sum");
    node("Cast", List.of(y + "_sum"), y + "_real");
    node("Mul", isTurned ? List.of("s", "scale") : List.of("scale", "s"), y + "_scales");
    node(
        "Mul",
        isTurned ? List.of(y + "_scales", y + "_real") : List.of(y + "_real", y + "_scales"),
        y);
  }

  private Network network() {
    return builder.output(new ValueInfo("y", DataType.FLOAT32, null)).build();
  }

  @ParameterizedTest
  @CsvSource({
    "INT8,false,0,false",
    "INT8,true,0,true",
    "INT8,true,,false",
    "UINT8,false,128,true",
    "UINT8,false,117,false",
    "UINT8,true,3 250 117 0,false",
    "INT8,true,-7 0 3 100,false"
  })
  void matricesArePrunedToTheirZeroPoint(
      DataType type, boolean isByColumn, @Nullable String zeros, boolean isTurned)
      throws OrtException {
    quantised(3, 6);
    weights("w", type, 6L, (long) COLUMNS);
    scales("s", isByColumn);
    var points = new int[COLUMNS];
    if (zeros != null) {
      String[] each = zeros.split(" ", -1);
      for (int i = 0; i < COLUMNS; i++) {
        points[i] = Integer.parseInt(each[i % each.length]);
      }
      zeros("z", type, isByColumn, points);
    }
    product("MatMulInteger", "w", zeros == null ? null : "z", isTurned, "y");
    requirePruned(network(), points, 1);
  }

  @ParameterizedTest
  @CsvSource({"INT8,0", "UINT8,128", "UINT8,99"})
  void kernelsArePrunedToTheirZeroPoint(DataType type, int zero) throws OrtException {
    quantised(2, 3, 5, 5);
    weights("w", type, (long) COLUMNS, 3L, 3L, 3L);
    scales("s", false);
    zeros("z", type, false, zero);
    product("ConvInteger", "w", "z", false, "y");
    requirePruned(network(), new int[] {zero}, 1);
  }

  @Test
  void productsOfTheSameNumbersArePrunedEach() throws OrtException {
    quantised(3, 6);
    weights("w", DataType.INT8, 6L, (long) COLUMNS);
    weights("v", DataType.INT8, 6L, (long) COLUMNS);
    scales("s", true);
    product("MatMulInteger", "w", null, false, "a");
    product("MatMulInteger", "v", null, false, "b");
    node("Add", List.of("a", "b"), "y");
    requirePruned(network(), new int[] {0}, 2);
  }

  private void requirePruned(Network network, int[] zeros, int layers) throws OrtException {
    assertThat(Layers.of(network).denseProducts()).isEmpty();
    assertThat(Layers.of(network).prunable()).hasSize(layers);
    requireSame(network);
    Network unfolded = StoredWeights.unfolded(network);
    assertThat(unfolded.stored().nodes()).isEqualTo(network.nodes());
    var changed = new HashMap<String, Tensor>();
    for (Layer layer : Layers.of(network).prunable()) {
      Tensor before = unfolded.tensor(layer.tensor());
      float[] values = before.toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] = i % 2 == 0 ? 0 : i % 4 == 1 ? values[i] : values[i] * 0.7f;
      }
      changed.put(layer.tensor(), before.withFloats(values));
    }
    Network pruned = unfolded.withTensors(changed);
    Network file = pruned.stored();
    for (String name : changed.keySet()) {
      Tensor stored = file.tensor(name);
      assertThat(stored.type()).isEqualTo(network.tensor(name).type());
      long[] numbers = stored.toLongs();
      for (int i = 0; i < numbers.length; i++) {
        if (i % 2 == 0) {
          assertThat(numbers[i]).isEqualTo(zeros[i % zeros.length]);
        } else if (i % 4 == 1) {
          assertThat(numbers[i]).isEqualTo(network.tensor(name).toLongs()[i]);
        }
      }
      assertThat(StoredWeights.unfolded(file).tensor(name)).isEqualTo(pruned.tensor(name));
    }
    requireSame(pruned);
  }

  private void requireSame(Network network) throws OrtException {
    FileTwin.requireSame(network, folder.resolve("integers.onnx"), TOLERANCE, TOLERANCE);
  }

  /// One of two products whose weights another node reads stays as it is; the other one is pruned.
  @Test
  void weightsThatOthersReadStayWholeNumbers() throws OrtException {
    quantised(3, 6);
    weights("w", DataType.INT8, 6L, (long) COLUMNS);
    weights("v", DataType.INT8, 6L, (long) COLUMNS);
    scales("s", true);
    product("MatMulInteger", "w", null, false, "a");
    product("MatMulInteger", "v", null, false, "b");
    node("Cast", List.of("v"), "c");
    node("ReduceSum", List.of("c"), "d");
    node("Sum", List.of("a", "b", "d"), "y");
    Network network = network();
    Layers layers = Layers.of(network);
    assertThat(layers.prunable()).extracting(Layer::tensor).containsExactly("w");
    assertThat(layers.denseProducts())
        .singleElement()
        .extracting(DenseProduct::reason)
        .asString()
        .contains("ReduceSum");
    requireSame(network);
  }

  @Test
  void weightsWhoseScaleIsNotFoundAreNamed() throws OrtException {
    quantised(3, 6);
    weights("w", DataType.INT8, 6L, (long) COLUMNS);
    node("MatMulInteger", List.of("numbers", "w", "zero"), "sum");
    node("Cast", List.of("sum"), "y");
    Network network = network();
    assertThat(Layers.of(network).prunable()).isEmpty();
    assertThat(Layers.of(network).denseProducts())
        .singleElement()
        .extracting(DenseProduct::reason)
        .asString()
        .contains("quantised");
    requireSame(network);
  }
}
