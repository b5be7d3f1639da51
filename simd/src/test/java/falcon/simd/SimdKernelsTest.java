package falcon.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jdk.incubator.vector.VectorShape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimdKernelsTest {
  @ParameterizedTest
  @ValueSource(ints = {64, 128, 256, 512})
  void thePropertyChoosesTheWidthOfAllVectors(int bits) throws ReflectiveOperationException {
    assertThat(KernelsOfWidth.of(bits).name()).isEqualTo("vectors of %d bits", bits);
  }

  @Test
  void withoutThePropertyVectorsAreAsWideAsSuitsTheProcessor() {
    assertThat(VectorWidth.BITS)
        .isEqualTo(Math.min(512, VectorShape.preferredShape().vectorBitSize()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "100", "1024", "wide"})
  void anotherWidthIsRefused(String bits) {
    assertThatThrownBy(() -> KernelsOfWidth.of(bits))
        .isInstanceOf(ExceptionInInitializerError.class)
        .hasRootCauseMessage("-Dfalcon.simd.bits=%s; it is 64, 128, 256 or 512", bits);
  }
}
