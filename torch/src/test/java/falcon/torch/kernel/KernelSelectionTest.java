package falcon.torch.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KernelSelectionTest {
  /// A machine on which some kernels are wrong; each run ends after the first of them.
  private static final class Machine implements KernelSelection.Trials {
    private final Set<Kernel> wrong;
    private final List<List<Kernel>> runs = new ArrayList<>();

    Machine(Set<Kernel> wrong) {
      this.wrong = wrong;
    }

    @Override
    public Map<Kernel, String> run(List<Kernel> kernels) {
      runs.add(kernels);
      var results = new LinkedHashMap<Kernel, String>();
      for (Kernel kernel : kernels) {
        results.put(kernel, wrong.contains(kernel) ? "off by 3" : "");
        if (wrong.contains(kernel)) {
          break;
        }
      }
      return results;
    }
  }

  private static KernelVerdict verdict(Set<Kernel> wrong) {
    return KernelSelection.choose(Set.of(), new Machine(wrong));
  }

  @Test
  void oneRunSufficesWhereAllIsRight() {
    var machine = new Machine(Set.of());
    KernelVerdict verdict = KernelSelection.choose(Set.of(), machine);
    assertThat(machine.runs).containsExactly(Kernel.FIRST);
    assertThat(verdict.faults()).isEmpty();
    assertThat(verdict.replacements()).isEmpty();
    for (Kernel kernel : Kernel.FIRST) {
      assertThat(verdict.used(kernel)).isEqualTo(kernel);
    }
  }

  @Test
  void substitutesAreTriedInProcessesOfTheirOwnOnlyWhereTheyAreNeeded() {
    var machine = new Machine(Set.of(Kernel.GROUPED_CONVOLUTION, Kernel.FUSED_CONVOLUTION));
    KernelVerdict verdict = KernelSelection.choose(Set.of(), machine);
    assertThat(machine.runs).hasSize(3); // Up to each wrong one, and the rest.
    assertThat(machine.runs.stream().flatMap(List::stream))
        .contains(Kernel.ALIGNED_GROUPED_CONVOLUTION, Kernel.ALIGNED_FUSED_CONVOLUTION)
        .doesNotContain(Kernel.ALIGNED_CONVOLUTION, Kernel.ROW_CONVOLUTION);
    assertThat(verdict.used(Kernel.GROUPED_CONVOLUTION))
        .isEqualTo(Kernel.ALIGNED_GROUPED_CONVOLUTION);
    assertThat(verdict.fusion(Convolution.Kind.DENSE)).isEqualTo(KernelVerdict.Fusion.ALIGNED);
    assertThat(verdict.fusion(Convolution.Kind.GROUPED)).isEqualTo(KernelVerdict.Fusion.AS_IS);
    assertThat(verdict.replacements())
        .containsExactly(
            Map.entry("grouped-convolution", "off by 3; used instead: aligned-grouped-convolution"),
            Map.entry("fused-convolution", "off by 3; used instead: aligned-fused-convolution"));
  }

  @Test
  void productsOfRowsAreTheLastWay() {
    KernelVerdict verdict =
        verdict(Set.of(Kernel.CONVOLUTION, Kernel.ALIGNED_CONVOLUTION, Kernel.FUSED_CONVOLUTION));
    assertThat(verdict.used(Kernel.CONVOLUTION)).isEqualTo(Kernel.ROW_CONVOLUTION);
    assertThatCode(verdict::requireUsable).doesNotThrowAnyException();
  }

  @Test
  void withoutAnyRightFusionNothingIsFused() {
    KernelVerdict verdict =
        verdict(Set.of(Kernel.FUSED_CONVOLUTION, Kernel.ALIGNED_FUSED_CONVOLUTION));
    assertThat(verdict.fusion(Convolution.Kind.DENSE)).isEqualTo(KernelVerdict.Fusion.NONE);
    assertThatCode(verdict::requireUsable).doesNotThrowAnyException();
    assertThat(verdict.replacements())
        .containsEntry("fused-convolution", "off by 3; used instead: none");
  }

  @Test
  void whatIsNeededAndHasNoRightWayIsRefusedWithAllThatFailed() {
    assertThatThrownBy(verdict(Set.of(Kernel.PRODUCTS))::requireUsable)
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("products: off by 3")
        .hasMessageContaining("OPENBLAS_CORETYPE");
    Set<Kernel> convolutions =
        EnumSet.of(
            Kernel.TRANSPOSED_CONVOLUTION,
            Kernel.ALIGNED_TRANSPOSED_CONVOLUTION,
            Kernel.ROW_CONVOLUTION);
    assertThatThrownBy(verdict(convolutions)::requireUsable)
        .hasMessageContaining("transposed-convolution: off by 3")
        .hasMessageContaining("row-convolution: off by 3");
  }

  @Test
  void bfloat16IsDoneWithout() {
    KernelVerdict verdict = verdict(Set.of(Kernel.BFLOAT16_PRODUCTS));
    assertThatCode(verdict::requireUsable).doesNotThrowAnyException();
    assertThat(verdict.isRight(Kernel.BFLOAT16_PRODUCTS)).isFalse();
  }

  @Test
  void declaredKernelsCountAsWrongWithoutATrial() {
    var machine = new Machine(Set.of());
    Set<Kernel> declared =
        NativeLibraries.declaredWrong("convolution, aligned-convolution,fused-convolution");
    KernelVerdict verdict = KernelSelection.choose(declared, machine);
    assertThat(machine.runs.stream().flatMap(List::stream)).doesNotContainAnyElementsOf(declared);
    assertThat(verdict.used(Kernel.CONVOLUTION)).isEqualTo(Kernel.ROW_CONVOLUTION);
    assertThat(verdict.faults()).containsEntry(Kernel.CONVOLUTION, KernelSelection.DECLARED);
  }

  @Test
  void aNameThatIsNoKernelIsRefusedWithAllThatThereAre() {
    assertThatThrownBy(() -> NativeLibraries.declaredWrong("convolutions"))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContaining("'convolutions'")
        .hasMessageContaining("row-convolution");
  }
}
