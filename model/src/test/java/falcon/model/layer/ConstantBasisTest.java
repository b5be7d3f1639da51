package falcon.model.layer;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConstantBasisTest {
  /// A value of function f at index t.
  private interface Basis {
    double value(int f, int t);
  }

  private static float[] rows(int count, int length, Basis basis) {
    var values = new float[count * length];
    for (int f = 0; f < count; f++) {
      for (int t = 0; t < length; t++) {
        values[f * length + t] = (float) basis.value(f, t);
      }
    }
    return values;
  }

  private static float[] columns(int count, int length, Basis basis) {
    var values = new float[count * length];
    for (int f = 0; f < count; f++) {
      for (int t = 0; t < length; t++) {
        values[t * count + f] = (float) basis.value(f, t);
      }
    }
    return values;
  }

  /// Cosines, then sines, of a Fourier transform under a window.
  private static Basis fourier(int length, IntToDoubleFunction window) {
    int half = length / 2 + 1;
    return (f, t) -> {
      double phase = 2 * Math.PI * (f % half) * t / length;
      return window.applyAsDouble(t) * (f < half ? Math.cos(phase) : -Math.sin(phase));
    };
  }

  private static double hann(int t, int length) {
    return 0.5 - 0.5 * Math.cos(2 * Math.PI * t / length);
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32", "FLOAT16"})
  void fourierTransformsAreFound(DataType type) {
    for (int length : new int[] {32, 64, 256}) {
      int count = 2 * (length / 2 + 1);
      Basis windowed = fourier(length, t -> hann(t, length));
      Basis plain = fourier(length, _ -> 1);
      for (Basis basis : List.of(windowed, plain)) {
        assertThat(
                ConstantBasis.of(
                    Tensor.ofFloats(
                        type,
                        List.of((long) count, 1L, (long) length),
                        rows(count, length, basis))))
            .isEqualTo("the sinusoids of a transform");
        assertThat(
                ConstantBasis.of(
                    Tensor.ofFloats(
                        type, List.of((long) length, (long) count), columns(count, length, basis))))
            .isNotNull();
      }
    }
  }

  @Test
  void cosineTransformsAndSinusoidalPositionsAreFound() {
    Basis cosines = (f, t) -> Math.sqrt(2.0 / 40) * Math.cos(Math.PI * f * (2 * t + 1) / 80);
    assertThat(ConstantBasis.of(Tensor.ofFloats(List.of(40L, 13L), columns(13, 40, cosines))))
        .isNotNull();
    Basis positions =
        (f, t) -> {
          double angle = t / Math.pow(10_000, f / 2 * 2 / 64.0);
          return f % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
        };
    assertThat(ConstantBasis.of(Tensor.ofFloats(List.of(200L, 64L), columns(64, 200, positions))))
        .isNotNull();
  }

  @Test
  void triangularFiltersAreFound() {
    Basis mel =
        (f, t) -> {
          double centre = 3 + f * (5 + f * 0.2);
          double width = 5 + f * 0.4;
          return Math.max(0, 1 - Math.abs(t - centre) / width);
        };
    assertThat(ConstantBasis.of(Tensor.ofFloats(List.of(20L, 257L), rows(20, 257, mel))))
        .isEqualTo("the filters of a filter bank");
    assertThat(ConstantBasis.of(Tensor.ofFloats(List.of(257L, 20L, 1L), columns(20, 257, mel))))
        .isEqualTo("the filters of a filter bank");
  }

  @Test
  void learntWeightsAreNone() {
    var random = new SplittableRandom(5);
    Basis noise = (_, _) -> random.nextGaussian();
    Basis absolute = (_, _) -> Math.abs(random.nextGaussian());
    Basis sparse = (_, _) -> Math.max(0, random.nextGaussian() - 1);
    Basis smooth =
        (f, t) -> Math.exp(-Math.pow((t - 20 - f) / 9.0, 2)) + 0.3 * Math.tanh(t / 9.0 - f);
    Basis noisy = (f, t) -> Math.cos(0.3 * f * t) + 0.2 * random.nextGaussian();
    Basis oneFrequency = (f, t) -> Math.cos(0.3 * t + f);
    for (Basis basis : List.of(noise, absolute, sparse, smooth, noisy, oneFrequency)) {
      assertThat(ConstantBasis.of(Tensor.ofFloats(List.of(32L, 64L), rows(32, 64, basis))))
          .isNull();
    }
    Tensor kernels = Tensor.ofFloats(List.of(32L, 16L, 4L), rows(32, 64, fourier(64, _ -> 1)));
    assertThat(ConstantBasis.of(kernels)).as("several channels").isNull();
  }
}
