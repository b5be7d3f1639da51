package falcon.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ActiveKernelsTest {
  private static boolean isVectorModulePresent() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  @Test
  void offIsScalar() {
    assertThat(ActiveKernels.choose("off").name()).isEqualTo("scalar");
  }

  @Test
  void autoTakesVectorsWhereTheJvmHasThem() {
    assertThat(ActiveKernels.choose("auto").name())
        .startsWith(isVectorModulePresent() ? "vectors of" : "scalar");
  }

  @Test
  void requiredIsRefusedWhereTheJvmHasNone() {
    if (isVectorModulePresent()) {
      assertThat(ActiveKernels.choose("required").name()).startsWith("vectors of");
    } else {
      assertThatThrownBy(() -> ActiveKernels.choose("required"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "-Dfalcon.simd=required, but the JVM runs without jdk.incubator.vector;"
                  + " start it with --add-modules jdk.incubator.vector");
    }
  }

  @Test
  void unknownValueIsRefused() {
    assertThatThrownBy(() -> ActiveKernels.choose("yes"))
        .hasMessage("-Dfalcon.simd=yes; it is auto, required or off");
  }
}
