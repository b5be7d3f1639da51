package falcon.prune.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Values of inputs as people write them become tensors of the input's type and shape.
class InputValueTest {
  @ParameterizedTest
  @EnumSource(DataType.class)
  void valuesHaveTheTypeOfTheInput(DataType type) {
    Tensor ones = InputValue.applied(network(type, 2, 2), values("s=ones")).tensor("s");
    assertThat(ones.type()).isEqualTo(type);
    assertThat(ones.shape()).containsExactly(2L, 2L);
    assertThat(numbers(ones)).containsExactly(1, 1, 1, 1);
    String list = type == DataType.BOOL ? "s=0,1,1,0" : "s=0,1,2,3";
    Tensor each = InputValue.applied(network(type, 2, 2), values(list)).tensor("s");
    assertThat(each.shape()).containsExactly(2L, 2L);
    assertThat(numbers(each)[1]).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "INT8, 128, 'from -128 to 127'",
    "UINT8, -1, 'from 0 to 255'",
    "BOOL, 2, 'from 0 to 1'",
    "UINT16, 65536, 'from 0 to 65535'",
    "INT32, 2147483648, 'from -2147483648 to 2147483647'",
    "INT64, 9223372036854775808, 'takes whole numbers'",
    "FLOAT32, abc, 'takes numbers'"
  })
  void numbersThatTheTypeDoesNotHoldAreRefused(DataType type, String number, String problem) {
    assertThatThrownBy(() -> InputValue.applied(network(type, 1), values("s=" + number)))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("‹input› s=" + number)
        .hasMessageContaining(problem);
  }

  @Test
  void inputsThatAreFixedAlreadyStay() {
    PruningOptions options = PruningOptions.builder().inputs(values("s=2")).build();
    Network fixed = options.shaped(network(DataType.INT64));
    assertThat(fixed.inputs()).extracting(ValueInfo::name).containsExactly("x");
    assertThat(options.shaped(fixed)).isSameAs(fixed);
    assertThatThrownBy(() ->
            PruningOptions.builder().inputs(values("u=2")).build().shaped(network(DataType.INT64)))
        .hasMessageContaining("there is no input 'u'");
  }

  private static List<InputValue> values(String text) {
    return List.of(InputValue.parse(text));
  }

  private static double[] numbers(Tensor tensor) {
    if (tensor.type().isFloatingPoint()) {
      return tensor.toDoubles();
    }
    return Arrays.stream(tensor.toLongs()).asDoubleStream().toArray();
  }

  private static Network network(DataType type, long... shape) {
    List<Dimension> dimensions =
        Arrays.stream(shape).<Dimension>mapToObj(Dimension.Fixed::new).toList();
    return Network.builder("n")
        .opset("", 17)
        .input(new ValueInfo("x", DataType.FLOAT32, List.of(new Dimension.Symbolic("n"))))
        .input(new ValueInfo("s", type, dimensions))
        .output(new ValueInfo("y", DataType.FLOAT32, null))
        .output(new ValueInfo("t", type, null))
        .node(new Node("", "Relu", "", List.of("x"), List.of("y"), Map.of()))
        .node(new Node("", "Identity", "", List.of("s"), List.of("t"), Map.of()))
        .build();
  }
}
