package falcon.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
  private static final float[] EXACT = {0f, -0f, 1.5f, -2f, Float.POSITIVE_INFINITY, Float.NaN};

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16"})
  void numbersThatATypeHasComeBack(DataType type) {
    Tensor tensor = Tensor.ofBytes(type, List.of(2L, 3L), new byte[6 * type.bytes()]);
    Tensor changed = tensor.withFloats(EXACT);
    assertThat(changed.type()).isEqualTo(type);
    assertThat(changed.shape()).isEqualTo(tensor.shape());
    assertThat(changed.toFloats()).isEqualTo(EXACT);
  }

  @Test
  void numbersInBetweenAreRoundedToTheNearestTiesToEven() {
    Tensor tensor = Tensor.ofBytes(DataType.BFLOAT16, List.of(4L), new byte[8]);
    float step = 1f / 128; // between two numbers from 1 on
    assertThat(
            tensor
                .withFloats(1 + 0.4f * step, 1 + 0.6f * step, 1 + 0.5f * step, 1 + 1.5f * step)
                .toFloats())
        .containsExactly(1f, 1 + step, 1f, 1 + 2 * step);
  }

  @Test
  void integersHoldNoFloats() {
    Tensor tensor = Tensor.ofLongs(List.of(1L), 3);
    assertThatThrownBy(() -> tensor.withFloats(1f)).isInstanceOf(IllegalArgumentException.class);
  }
}
