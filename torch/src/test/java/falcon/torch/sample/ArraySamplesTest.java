package falcon.torch.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.MalformedDataException;
import falcon.data.NamedArrays;
import falcon.data.format.Datasets;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.kernel.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArraySamplesTest {
  @TempDir Path folder;

  @Test
  void arraysComeInTheOrderOfTheInputsAndInTheirTypes() throws IOException {
    write("a.npy", "<i8", "(3, 2)", longs(1, 2, 3, 4, 5, 6));
    write("b.npy", "<i8", "(3,)", longs(7, 8, 9));
    write("y.npy", "<i8", "(3,)", longs(0, 1, 0));
    Network network = network(input("b", DataType.FLOAT32), input("a", DataType.INT32, 2));
    SampleBatch batch = ArraySamples.of(arrays(), network).batch(1, 3);
    assertThat(batch.size()).isEqualTo(2);
    assertThat(batch.labels()).containsExactly(1, 0);
    assertThat(batch.inputs().get(0).floats()).containsExactly(8, 9);
    assertThat(batch.inputs().get(1).longs()).containsExactly(3, 4, 5, 6);
    assertThat(batch.inputs().get(1).type()).isEqualTo(DataType.INT32);
    assertThat(batch.inputs().get(1).sampleShape()).containsExactly(2L);
  }

  @Test
  void onlyArrayGoesToTheOnlyInput() throws IOException {
    write("anything.npy", "<i8", "(3,)", longs(7, 8, 9));
    SampleBatch batch = ArraySamples.of(arrays(), network(input("x", DataType.INT64))).batch(0, 3);
    assertThat(batch.isLabelled()).isFalse();
    assertThat(batch.inputs().getFirst().longs()).containsExactly(7, 8, 9);
  }

  @Test
  void missingAndSurplusArraysAreRefusedWithNamesAndShapes() throws IOException {
    write("a.npy", "<i8", "(3, 2)", longs(1, 2, 3, 4, 5, 6));
    write("b.npy", "<i8", "(3,)", longs(7, 8, 9));
    NamedArrays arrays = arrays();
    assertThatThrownBy(() ->
            ArraySamples.of(
                arrays, network(input("a", DataType.INT64, 2), input("c", DataType.INT64))))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("there is no array for input 'c INT64[n]'.")
        .hasMessageContaining("the data hold [a INT64[2], b INT64[]] a sample.");
    assertThatThrownBy(() -> ArraySamples.of(arrays, network(input("a", DataType.INT64, 2))))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("array 'b' is for no input.");
  }

  @Test
  void numbersBeyondTheInputsTypeAreRefused() throws IOException {
    write("x.npy", "<i8", "(3,)", longs(7, 8, 300));
    ArraySamples samples = ArraySamples.of(arrays(), network(input("x", DataType.UINT8)));
    assertThat(samples.batch(0, 2).inputs().getFirst().longs()).containsExactly(7, 8);
    assertThatThrownBy(() -> samples.batch(2, 3))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("is 300, not a whole number from 0 to 255.");
  }

  @Test
  @Tag("native")
  void wholeNumbersOfSeveralInputsRunThroughTheNetwork() throws IOException {
    write("a.npy", "<i8", "(3, 2)", longs(1, 2, 3, 4, 5, 6));
    write("m.npy", "|b1", "(3, 2)", new byte[] {1, 0, 0, 1, 1, 1});
    Network network =
        Network.builder("sum")
            .opset("", 17)
            .input(input("m", DataType.BOOL, 2))
            .input(input("a", DataType.INT32, 2))
            .node(cast("a", "a1"))
            .node(cast("m", "m1"))
            .node(new Node("p", "Mul", "", List.of("a1", "m1"), List.of("p"), Map.of()))
            .initializer("w", Tensor.ofFloats(List.of(2L, 1L), 10, 1))
            .node(new Node("z", "MatMul", "", List.of("p", "w"), List.of("z"), Map.of()))
            .output(new ValueInfo("z", DataType.FLOAT32, null))
            .build();
    try (var workers = new Workers(1)) {
      Logits outputs = Evaluation.logits(network, ArraySamples.of(arrays(), network), workers);
      assertThat(outputs.value(0, 0)).isEqualTo(10);
      assertThat(outputs.value(1, 0)).isEqualTo(4);
      assertThat(outputs.value(2, 0)).isEqualTo(56);
    }
  }

  @Test
  @Tag("native")
  void tokensAreLookedUp() throws IOException {
    write("ids.npy", "<i2", "(2, 3)", new byte[] {1, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0});
    Network network =
        Network.builder("embedding")
            .opset("", 17)
            .input(input("ids", DataType.INT64, 3))
            .initializer("table", Tensor.ofFloats(List.of(3L, 1L), 5, 7, 11))
            .node(new Node("z", "Gather", "", List.of("table", "ids"), List.of("z"), Map.of()))
            .output(new ValueInfo("z", DataType.FLOAT32, null))
            .build();
    try (var workers = new Workers(1)) {
      Logits outputs = Evaluation.logits(network, ArraySamples.of(arrays(), network), workers);
      assertThat(outputs.value(0, 0)).isEqualTo(7);
      assertThat(outputs.value(0, 2)).isEqualTo(11);
      assertThat(outputs.value(1, 2)).isEqualTo(5);
    }
  }

  private static Node cast(String from, String to) {
    return new Node(
        to, "Cast", "", List.of(from), List.of(to), Map.of("to", new Attribute.IntegerValue(1)));
  }

  private static Network network(ValueInfo... inputs) {
    Network.Builder builder = Network.builder("inputs").opset("", 17);
    for (ValueInfo input : inputs) {
      builder.input(input);
    }
    return builder
        .output(new ValueInfo(inputs[0].name(), inputs[0].type(), inputs[0].dimensions()))
        .build();
  }

  private static ValueInfo input(String name, DataType type, long... sizes) {
    var dimensions = new java.util.ArrayList<Dimension>();
    dimensions.add(new Dimension.Symbolic("n"));
    for (long size : sizes) {
      dimensions.add(new Dimension.Fixed(size));
    }
    return new ValueInfo(name, type, dimensions);
  }

  private NamedArrays arrays() {
    return (NamedArrays) Datasets.open(folder).train();
  }

  private static byte[] longs(long... values) {
    var buffer = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asLongBuffer().put(values);
    return buffer.array();
  }

  private void write(String name, String descr, String shape, byte[] content) throws IOException {
    byte[] header =
        "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n"
            .formatted(descr, shape)
            .getBytes(StandardCharsets.UTF_8);
    Files.write(
        folder.resolve(name),
        ByteBuffer.allocate(10 + header.length + content.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
            .putShort((short) header.length)
            .put(header)
            .put(content)
            .array());
  }
}
