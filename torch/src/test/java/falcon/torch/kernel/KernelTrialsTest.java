package falcon.torch.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.torch.Torch;
import falcon.torch.kernel.ReferenceConvolution.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("native")
class KernelTrialsTest {
  @BeforeAll
  static void load() {
    NativeLibraries.ensureLoaded();
  }

  /// Tries in this process only kernels that never get a shape which oneDNN pads itself.
  @ParameterizedTest
  @EnumSource(
      names = {
        "PRODUCTS",
        "ACTIVATIONS",
        "ALIGNED_CONVOLUTION",
        "ALIGNED_GROUPED_CONVOLUTION",
        "ALIGNED_TRANSPOSED_CONVOLUTION",
        "ALIGNED_FUSED_CONVOLUTION",
        "ALIGNED_FUSED_GROUPED_CONVOLUTION",
        "ROW_CONVOLUTION"
      })
  void substitutesAreRightOnEveryMachine(Kernel kernel) {
    assertThat(new KernelTrials().fault(kernel)).isNull();
  }

  /// Makes observed faults: channels behind the first block lost, garbage, a wrong gradient,
  /// nothing.
  @Test
  void aKernelThatIsWrongIsFound() {
    Map<Fault, Function<Convolution, Tensor>> computations = new EnumMap<>(Fault.class);
    computations.put(
        Fault.CHANNELS_LOST,
        c -> {
          Tensor x = c.x();
          long kept = Math.min(x.size(1), 16);
          Tensor cut = Torch.extended(x.narrow(1, 0, kept), 1, x.size(1) - kept);
          return RowConvolution.run(c.with(cut, c.weight(), c.bias(), c.groups()));
        });
    computations.put(
        Fault.WRONG_GRADIENT,
        c -> {
          Tensor y = RowConvolution.run(c);
          Tensor half = y.mul(new Scalar(0.5));
          return half.add(half.detach());
        });
    computations.put(Fault.NOT_A_NUMBER, c -> RowConvolution.run(c).mul(new Scalar(Double.NaN)));
    computations.put(Fault.WRONG_SHAPE, c -> RowConvolution.run(c).narrow(0, 0, 1));
    var shapes = List.of(Shape.of(1, 20, 5, 2, 3));
    computations.forEach((fault, computation) ->
        assertThat(new KernelTrials().convolutions(shapes, computation))
            .as("%s", fault)
            .contains("20 to 5 channels"));
    assertThat(new KernelTrials().convolutions(shapes, RowConvolution::run)).isNull();
  }

  private enum Fault {
    CHANNELS_LOST,
    WRONG_GRADIENT,
    NOT_A_NUMBER,
    WRONG_SHAPE
  }

  @Test
  void aProcessOfItsOwnTellsWhatItFound() throws IOException {
    var process = new KernelProcess(NativeLibraries.cacheFolder(), KernelProcess.java());
    List<Kernel> kernels = List.of(Kernel.PRODUCTS, Kernel.ROW_CONVOLUTION);
    assertThat(process.run(kernels))
        .containsExactly(Map.entry(Kernel.PRODUCTS, ""), Map.entry(Kernel.ROW_CONVOLUTION, ""));
  }

  @Test
  void withoutAProcessWhatMayDamageMemoryIsNotUsed() throws IOException {
    var process = new KernelProcess(NativeLibraries.cacheFolder(), Path.of("no", "such", "java"));
    KernelVerdict verdict = KernelSelection.choose(Set.of(), process);
    assertThat(process.isComplete()).isFalse();
    assertThat(verdict.faults())
        .containsOnlyKeys(Arrays.stream(Kernel.values()).filter(Kernel::mayDamageMemory).toList())
        .allSatisfy((kernel, fault) -> assertThat(fault).contains("no process could be started"));
    assertThat(verdict.used(Kernel.CONVOLUTION)).isEqualTo(Kernel.ALIGNED_CONVOLUTION);
  }

  /// Tries random channel counts, groups and memory layouts: 60 convolutions, each computed in
  /// three ways.
  @Test
  void alignedAndRowConvolutionsAgreeOnRandomShapes() {
    var random = new SplittableRandom(11);
    for (int i = 0; i < 60; i++) {
      int groups = random.nextInt(1, 9);
      boolean isDepthwise = random.nextInt(4) == 0;
      var shape =
          new Shape(
              groups,
              isDepthwise ? 1 : random.nextInt(1, 28),
              isDepthwise ? 1 : random.nextInt(1, 28),
              random.nextInt(1, 4),
              random.nextInt(1, 4),
              random.nextInt(1, 3),
              random.nextInt(1, 3),
              random.nextInt(3) == 0);
      var problems = List.of(shape);
      var trials = new KernelTrials();
      assertThat(trials.convolutions(problems, AlignedConvolution::run)).as("%d", i).isNull();
      assertThat(trials.convolutions(problems, RowConvolution::run)).as("%d", i).isNull();
    }
  }

  @Test
  void typesOfElementsAreTold() {
    try (var _ = new PointerScope()) {
      Tensor x = Torch.list(1.0, 2.0);
      assertThat(Torch.type(x) == org.bytedeco.pytorch.global.torch.ScalarType.Double).isTrue();
      assertThat(Torch.type(x) == org.bytedeco.pytorch.global.torch.ScalarType.Float).isFalse();
    }
  }
}
