package falcon.torch.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelRecordTest {
  private static final Set<String> LIBRARIES = Set.of("/somewhere/pytorch-2.10.0.jar");

  @TempDir Path cache;

  private KernelRecord kept() {
    return KernelRecord.of(cache, LIBRARIES, Set.of());
  }

  @Test
  void aVerdictIsReadAsItWasWritten() throws IOException {
    assertThat(kept().read()).isNull();
    kept().write(new KernelVerdict(Map.of(Kernel.CONVOLUTION, "off by 5: 20 to 24 channels")));
    KernelVerdict read = Objects.requireNonNull(kept().read());
    assertThat(read.faults())
        .containsExactly(Map.entry(Kernel.CONVOLUTION, "off by 5: 20 to 24 channels"));
    try (var files = Files.list(cache)) {
      assertThat(files).as("nothing is left beside it").hasSize(1);
    }
  }

  @Test
  void anotherLibraryOrDeclarationHasAVerdictOfItsOwn() throws IOException {
    kept().write(new KernelVerdict(Map.of()));
    assertThat(KernelRecord.of(cache, Set.of("/somewhere/pytorch-2.11.0.jar"), Set.of()).read())
        .isNull();
    assertThat(KernelRecord.of(cache, LIBRARIES, EnumSet.of(Kernel.CONVOLUTION)).read()).isNull();
    assertThat(KernelRecord.of(cache, Set.of("/elsewhere/pytorch-2.10.0.jar"), Set.of()).read())
        .as("the same library in another folder")
        .isNotNull();
  }

  @Test
  void theProcessorAndItsCachesAreInTheKey() {
    assertThat(kept().key()).contains("caches=").contains("system=");
    if (Files.isReadable(Path.of("/proc/cpuinfo"))) {
      assertThat(kept().key()).contains("processor ");
    }
  }

  @Test
  void whatCannotBeTrustedIsNotRead() throws IOException {
    kept().write(new KernelVerdict(Map.of(Kernel.CONVOLUTION, "off by 5")));
    Path file = kept().file();
    String whole = Files.readString(file);
    for (String damaged :
        List.of(
            "",
            whole.substring(0, whole.length() / 2),
            whole.replace("CONVOLUTION=", "CONVOLUTIONS="),
            whole.replace("key=", "key=x"),
            whole + "\\u00zz=1")) {
      Files.writeString(file, damaged);
      assertThat(kept().read()).as(damaged).isNull();
    }
    Files.writeString(file, whole);
    assertThat(kept().read()).isNotNull();
  }
}
