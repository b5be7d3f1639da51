package falcon.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Float32 numbers in narrower types.
class NarrowingTest {
  private static final List<DataType> HALVES = List.of(DataType.FLOAT16, DataType.BFLOAT16);

  @Test
  void everyNumberOfSixteenBitsComesBackAsItWas() {
    for (DataType type : HALVES) {
      var bytes = new byte[2 << 16];
      for (int i = 0; i < 1 << 16; i++) {
        bytes[2 * i] = (byte) i;
        bytes[2 * i + 1] = (byte) (i >> 8);
      }
      Tensor all = Tensor.ofBytes(type, List.of(1L << 16), bytes);
      float[] wide = all.toFloats();
      Tensor again = Tensor.ofFloats(type, all.shape(), wide);
      for (int i = 0; i < wide.length; i++) {
        if (Float.isNaN(wide[i])) {
          assertThat(again.toFloats()[i]).isNaN();
          break;
        }
      }
      for (int i = 0; i < wide.length; i++) {
        if (!Float.isNaN(wide[i])) {
          assertThat(again.bytes().getShort(2 * i)).isEqualTo(all.bytes().getShort(2 * i));
        }
      }
    }
  }

  @Test
  void theNearestNumberIsTakenAndTiesGoToTheEvenOne() {
    assertThat(narrow(DataType.FLOAT16, 2049, 2051, 1 + 0x1p-11f, 1 + 0x1.8p-11f))
        .containsExactly(2048, 2052, 1, 1 + 0x1p-10f);
    assertThat(narrow(DataType.BFLOAT16, 257, 259, 1 + 0x1p-8f, 1 + 0x1.8p-8f))
        .containsExactly(256, 260, 1, 1 + 0x1p-7f);
    var random = new SplittableRandom(4);
    for (int i = 0; i < 100_000; i++) {
      float value = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(-10, 10)));
      float half = narrow(DataType.FLOAT16, value)[0];
      assertThat(Math.abs(half - value))
          .as("%s", value)
          .isLessThanOrEqualTo(Math.max(0x1p-24f, Math.abs(value) / 2048));
      float brain = narrow(DataType.BFLOAT16, value)[0];
      assertThat(Math.abs(brain - value))
          .as("%s", value)
          .isLessThanOrEqualTo(Math.abs(value) / 256);
    }
  }

  @Test
  void onlyZeroBecomesZeroAndOnlyInfinityInfinite() {
    assertThat(narrow(DataType.FLOAT16, 0, 1e-30f, -1e-30f, 1e30f, -65520, Float.NEGATIVE_INFINITY))
        .containsExactly(0, 0x1p-24f, -0x1p-24f, 65504, -65504, Float.NEGATIVE_INFINITY);
    assertThat(narrow(DataType.BFLOAT16, 0, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MAX_VALUE))
        .containsExactly(0, 0x1p-133f, -0x1p-133f, 0x1.fep127f);
    assertThat(narrow(DataType.BFLOAT16, Float.NaN, Float.intBitsToFloat(0x7f800001)))
        .containsExactly(Float.NaN, Float.NaN);
  }

  @Test
  void otherTypesHoldNoFloats() {
    assertThatThrownBy(() -> Tensor.ofFloats(DataType.INT8, List.of(1L), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a tensor of INT8 holds no floats");
  }

  private static float[] narrow(DataType type, float... values) {
    return Tensor.ofFloats(type, List.of((long) values.length), values).toFloats();
  }
}
