package falcon.torch.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.stored.StoredWeights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

/// Weights that files store in another form, against ONNX Runtime: as they are, and after half of
/// them were changed or set to zero.
@Tag("native")
class StoredWeightsTest {
  private static final double RELATIVE = 1e-4;
  private static final double ABSOLUTE = 1e-4;

  @TempDir Path folder;

  /// A network of one product whose weights are stored as `w`.
  private static final class Stored {
    private final Network.Builder builder = Network.builder("stored").opset("", 21);
    private final SplittableRandom random = new SplittableRandom(7);
    private String value = "w";
    private int made;

    Stored(DataType type, long... shape) {
      builder.initializer("w", tensor(type, shape));
    }

    Tensor tensor(DataType type, long... shape) {
      int count = Math.toIntExact(Tensor.elements(sizes(shape)));
      var values = new float[count];
      var bytes = new byte[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) random.nextGaussian();
        bytes[i] = (byte) random.nextInt();
      }
      return type.isFloatingPoint()
          ? Tensor.ofFloats(type, sizes(shape), values)
          : Tensor.ofBytes(type, sizes(shape), bytes);
    }

    Stored with(String name, Tensor tensor) {
      builder.initializer(name, tensor);
      return this;
    }

    /// Adds a step; `*` among the inputs is the value so far.
    Stored then(String opType, Map<String, Attribute> attributes, String... inputs) {
      List<String> names = List.of(inputs).stream().map(n -> n.equals("*") ? value : n).toList();
      value = "v" + made++;
      builder.node(new Node(value, opType, "", names, List.of(value), attributes));
      return this;
    }

    Stored transposed(long... order) {
      return then("Transpose", Map.of("perm", longs(order)), "*");
    }

    Stored reshaped(long... shape) {
      String name = "shape" + made;
      builder.initializer(name, Tensor.ofLongs(List.of((long) shape.length), shape));
      return then("Reshape", Map.of(), "*", name);
    }

    Stored cast(DataType type) {
      return then("Cast", Map.of("to", new Attribute.IntegerValue(type.onnxCode())), "*");
    }

    Network product(String opType, Map<String, Attribute> attributes, String before, long... x) {
      var dimensions = new ArrayList<Dimension>();
      for (long size : x) {
        dimensions.add(new Dimension.Fixed(size));
      }
      List<String> inputs = before.isEmpty() ? List.of("x", value) : List.of("x", before, value);
      return builder
          .input(new ValueInfo("x", DataType.FLOAT32, dimensions))
          .node(new Node("product", opType, "", inputs, List.of("y"), attributes))
          .output(new ValueInfo("y", DataType.FLOAT32, null))
          .build();
    }

    Network convolution() {
      return product("Conv", Map.of(), "", 2, 3, 6, 6);
    }

    Network matrixProduct() {
      return product("MatMul", Map.of(), "", 3, 6);
    }
  }

  private static List<Long> sizes(long... shape) {
    return Arrays.stream(shape).boxed().toList();
  }

  private static Attribute longs(long... values) {
    return new Attribute.IntegerList(sizes(values));
  }

  private static Attribute number(long value) {
    return new Attribute.IntegerValue(value);
  }

  private static Tensor mask(long... shape) {
    var values = new float[Math.toIntExact(Tensor.elements(sizes(shape)))];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 3 == 0 ? 0 : 1;
    }
    return Tensor.ofFloats(sizes(shape), values);
  }

  private static Tensor bytes(DataType type, long... values) {
    var bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return Tensor.ofBytes(type, List.of((long) values.length), bytes);
  }

  private static Tensor scales(float... values) {
    return Tensor.ofFloats(List.of((long) values.length), values);
  }

  private static Stored quantised(DataType type, long zero, long... shape) {
    return new Stored(type, shape)
        .with("s", Tensor.ofFloats(List.of(), 0.02f))
        .with("z", Tensor.ofBytes(type, List.of(), new byte[] {(byte) zero}));
  }

  static List<Named<Network>> twins() {
    DataType real = DataType.FLOAT32;
    Map<String, Attribute> first = Map.of("axis", number(0));
    return List.of(
        Named.of("kernels HWIO", new Stored(real, 3, 3, 3, 4).transposed(3, 2, 0, 1).convolution()),
        Named.of("kernels WHOI", new Stored(real, 2, 3, 4, 3).transposed(2, 3, 1, 0).convolution()),
        Named.of(
            "transposed twice",
            new Stored(real, 3, 3, 3, 4)
                .transposed(1, 0, 2, 3)
                .transposed(3, 2, 0, 1)
                .convolution()),
        Named.of("flat kernels", new Stored(real, 4, 27).reshaped(4, 3, 3, -1).convolution()),
        Named.of(
            "squeezed",
            new Stored(real, 1, 4, 3, 3, 3)
                .with("axes", Tensor.ofLongs(List.of(1L), 0))
                .then("Squeeze", Map.of(), "*", "axes")
                .convolution()),
        Named.of(
            "unsqueezed",
            new Stored(real, 4, 3, 3)
                .with("axes", Tensor.ofLongs(List.of(1L), -1))
                .then("Unsqueeze", Map.of(), "*", "axes")
                .convolution()),
        Named.of(
            "flattened", new Stored(real, 6, 5, 1).then("Flatten", Map.of(), "*").matrixProduct()),
        Named.of("float16", new Stored(DataType.FLOAT16, 4, 3, 3, 3).cast(real).convolution()),
        Named.of("bfloat16", new Stored(DataType.BFLOAT16, 6, 5).cast(real).matrixProduct()),
        Named.of("float64", new Stored(DataType.FLOAT64, 6, 5).cast(real).matrixProduct()),
        Named.of(
            "through float16",
            new Stored(real, 6, 5).cast(DataType.FLOAT16).cast(real).matrixProduct()),
        Named.of(
            "whole numbers cast and scaled",
            new Stored(DataType.INT8, 6, 5)
                .with("s", scales(0.1f, 0.2f, 0.3f, 0.05f, 0.1f))
                .cast(real)
                .then("Mul", Map.of(), "*", "s")
                .matrixProduct()),
        Named.of(
            "mask",
            new Stored(real, 4, 3, 3, 3)
                .with("m", mask(4, 3, 3, 3))
                .then("Mul", Map.of(), "*", "m")
                .convolution()),
        Named.of(
            "mask first",
            new Stored(real, 4, 3, 3, 3)
                .with("m", mask(4, 3, 3, 3))
                .then("Mul", Map.of(), "m", "*")
                .convolution()),
        Named.of(
            "norms",
            new Stored(real, 4, 3, 3, 3)
                .with("g", Tensor.ofFloats(List.of(4L, 1L, 1L, 1L), 0.3f, 2f, -1.7f, 0.01f))
                .then("Mul", Map.of(), "g", "*")
                .convolution()),
        Named.of(
            "divided",
            new Stored(real, 6, 5)
                .with("d", scales(3f, 0.7f, -1.3f, 11f, 0.09f))
                .then("Div", Map.of(), "*", "d")
                .matrixProduct()),
        Named.of(
            "Einsum of float16",
            new Stored(DataType.FLOAT16, 6, 4, 2)
                .cast(real)
                .product(
                    "Einsum",
                    Map.of("equation", new Attribute.StringValue("btc,chd->bthd")),
                    "",
                    2,
                    3,
                    6)),
        Named.of(
            "chosen",
            new Stored(real, 6, 5)
                .with(
                    "m",
                    Tensor.ofBytes(DataType.BOOL, List.of(6L, 1L), new byte[] {1, 0, 1, 1, 0, 1}))
                .with("zero", Tensor.ofFloats(List.of(), 0f))
                .then("Where", Map.of(), "m", "*", "zero")
                .matrixProduct()),
        Named.of(
            "int8 for all",
            quantised(DataType.INT8, 0, 4, 3, 3, 3)
                .then("DequantizeLinear", Map.of(), "*", "s", "z")
                .convolution()),
        Named.of(
            "int8 without zero point",
            quantised(DataType.INT8, 0, 6, 5)
                .then("DequantizeLinear", Map.of(), "*", "s")
                .matrixProduct()),
        Named.of(
            "uint8 around 128",
            quantised(DataType.UINT8, 128, 6, 5)
                .then("DequantizeLinear", Map.of(), "*", "s", "z")
                .matrixProduct()),
        Named.of(
            "int8 by channel",
            new Stored(DataType.INT8, 4, 3, 3, 3)
                .with("s", scales(0.1f, 0.2f, 0.3f, 0.05f))
                .with("z", bytes(DataType.INT8, 0, 0, 0, 0))
                .then("DequantizeLinear", first, "*", "s", "z")
                .convolution()),
        Named.of(
            "int8 by the last axis",
            new Stored(DataType.INT8, 6, 5)
                .with("s", scales(0.1f, 0.2f, 0.3f, 0.05f, 0.01f))
                .then("DequantizeLinear", Map.of("axis", number(-1)), "*", "s")
                .matrixProduct()),
        Named.of(
            "int8 in blocks",
            new Stored(DataType.INT8, 6, 5)
                .with(
                    "s",
                    Tensor.ofFloats(
                        List.of(2L, 5L), .1f, .2f, .3f, .4f, .5f, .05f, .15f, .25f, .35f, .45f))
                .then(
                    "DequantizeLinear",
                    Map.of("axis", number(0), "block_size", number(3)),
                    "*",
                    "s")
                .matrixProduct()),
        Named.of(
            "float quantised and back",
            new Stored(real, 4, 3, 3, 3)
                .with("s", scales(0.03f, 0.02f, 0.03f, 0.05f))
                .with("z", bytes(DataType.INT8, 0, 0, 0, 0))
                .then("QuantizeLinear", first, "*", "s", "z")
                .then("DequantizeLinear", first, "*", "s", "z")
                .convolution()),
        Named.of(
            "float quantised around 117 and back",
            new Stored(real, 6, 5)
                .with("s", Tensor.ofFloats(List.of(), 0.02f))
                .with("z", Tensor.ofBytes(DataType.UINT8, List.of(), new byte[] {117}))
                .then("QuantizeLinear", Map.of(), "*", "s", "z")
                .then("DequantizeLinear", Map.of(), "*", "s", "z")
                .matrixProduct()),
        Named.of(
            "a long chain",
            quantised(DataType.INT8, 0, 27, 4)
                .with("m", mask(4, 3, 3, 3))
                .then("DequantizeLinear", Map.of(), "*", "s", "z")
                .transposed(1, 0)
                .reshaped(4, 3, 3, 3)
                .then("Mul", Map.of(), "*", "m")
                .then("Identity", Map.of(), "*")
                .convolution()),
        Named.of(
            "transposed convolution",
            new Stored(DataType.FLOAT16, 3, 3, 3, 4)
                .cast(real)
                .transposed(2, 3, 0, 1)
                .product("ConvTranspose", Map.of(), "", 2, 3, 5, 5)),
        Named.of(
            "Gemm",
            new Stored(real, 5, 1, 6)
                .reshaped(5, 6)
                .product("Gemm", Map.of("transB", number(1)), "", 3, 6)),
        Named.of(
            "recurrent weights",
            new Stored(real, 8, 2)
                .with("axes", Tensor.ofLongs(List.of(1L), 0))
                .with("input", new Stored(real, 1, 1).tensor(real, 1, 8, 6))
                .then("Unsqueeze", Map.of(), "*", "axes")
                .product("LSTM", Map.of("hidden_size", number(2)), "input", 4, 3, 6)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("twins")
  void productsAndWrittenFilesAgreeWithOnnxRuntime(Network network) throws OrtException {
    assertThat(Layers.of(network).all())
        .filteredOn(layer -> layer.tensor().equals("w"))
        .singleElement()
        .matches(Layer::isPrunable);
    requireSame(network);
    Network unfolded = StoredWeights.unfolded(network);
    float[] weights = unfolded.tensor("w").toFloats();
    var changed = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      changed[i] = i % 2 == 0 ? 0 : i % 4 == 1 ? weights[i] : weights[i] * 0.7f;
    }
    Network pruned = unfolded.withTensors(Map.of("w", unfolded.tensor("w").withFloats(changed)));
    float[] held = pruned.tensor("w").toFloats();
    for (int i = 0; i < held.length; i++) {
      if (i % 4 == 1 || i % 2 == 0) {
        assertThat(held[i]).isEqualTo(changed[i]);
      } else {
        assertThat(held[i]).isCloseTo(changed[i], within(0.3f));
      }
    }
    Tensor stored = pruned.stored().tensor("w");
    assertThat(stored.type()).isEqualTo(network.tensor("w").type());
    assertThat(stored.shape()).isEqualTo(network.tensor("w").shape());
    assertThat(StoredWeights.unfolded(pruned.stored()).tensor("w")).isEqualTo(pruned.tensor("w"));
    assertThat(pruned.withTensors(Map.of("w", pruned.tensor("w"))).tensor("w"))
        .isEqualTo(pruned.tensor("w"));
    int[] weight =
        Objects.requireNonNull(
            Objects.requireNonNull(unfolded.storage("w")).weightByElement().get("w"));
    for (int i = 0; i < weight.length; i++) {
      if (weight[i] % 2 == 0) {
        assertThat(number(stored, i)).isEqualTo(stored.type() == DataType.UINT8 ? 128 : 0);
      }
    }
    requireSame(pruned);
  }

  private static double number(Tensor tensor, int i) {
    return tensor.type().isFloatingPoint() ? tensor.toFloats()[i] : tensor.toLongs()[i];
  }

  private void requireSame(Network network) throws OrtException {
    FileTwin.requireSame(network, folder.resolve("stored.onnx"), RELATIVE, ABSOLUTE);
  }

  @Test
  void weightsUsedByLookupAndTurnedOverAreTied() {
    Network network =
        Network.builder("tied")
            .opset("", 17)
            .initializer("w", new Stored(DataType.FLOAT16, 1, 1).tensor(DataType.FLOAT16, 7, 4))
            .input(new ValueInfo("ids", DataType.INT64, List.of(new Dimension.Fixed(2))))
            .node(new Node("a", "Cast", "", List.of("w"), List.of("a"), Map.of("to", number(1))))
            .node(new Node("b", "Cast", "", List.of("w"), List.of("b"), Map.of("to", number(1))))
            .node(new Node("t", "Transpose", "", List.of("b"), List.of("t"), Map.of()))
            .node(new Node("e", "Gather", "", List.of("a", "ids"), List.of("e"), Map.of()))
            .node(new Node("y", "MatMul", "", List.of("e", "t"), List.of("y"), Map.of()))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .build();
    Layer layer = Layers.of(network).all().getFirst();
    assertThat(layer.opType()).isEqualTo("Gather+MatMul");
  }
}
