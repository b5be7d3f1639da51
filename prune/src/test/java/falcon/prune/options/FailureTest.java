package falcon.prune.options;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.data.MalformedDataException;
import falcon.model.MalformedModelException;
import falcon.model.UnwritableFileException;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.kernel.NativeLibraryException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FailureTest {
  private static final Path FILE = Path.of("file");

  @Test
  void whatAUserCanMendIsInputAndKeepsItsMessage() {
    assertThat(Failure.of(new MalformedModelException(FILE, "is cut short.", "Fetch it again.")))
        .isEqualTo(
            new Failure(
                PruningException.Kind.INPUT, "file: is cut short.%nFetch it again.".formatted()));
    assertThat(Failure.of(new MalformedDataException(FILE, "p", "a")).kind())
        .isEqualTo(PruningException.Kind.INPUT);
    assertThat(Failure.of(new UnwritableFileException(FILE, new IOException("full"))).kind())
        .isEqualTo(PruningException.Kind.INPUT);
    assertThat(Failure.of(new UnsupportedNetworkException("node")).kind())
        .isEqualTo(PruningException.Kind.INPUT);
  }

  @Test
  void memoryAndLibrariesAreTheMachine() {
    assertThat(Failure.of(new OutOfMemoryError("Java heap space")).kind())
        .isEqualTo(PruningException.Kind.MACHINE);
    assertThat(Failure.of(new NativeLibraryException("no libtorch")).kind())
        .isEqualTo(PruningException.Kind.MACHINE);
    var allocation =
        new RuntimeException(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory:"
                + " you tried to allocate 8000000000 bytes.\nException raised from x\nframe #0");
    assertThat(Failure.of(allocation).kind()).isEqualTo(PruningException.Kind.MACHINE);
    assertThat(Failure.of(allocation).message()).doesNotContain("frame #0");
  }

  @Test
  void aThreadThatIsNotToBeHadIsNoWantOfSamples() {
    var failure =
        Failure.of(
            new OutOfMemoryError(
                "unable to create native thread: possibly out of memory or process/resource limits reached"));
    assertThat(failure.kind()).isEqualTo(PruningException.Kind.MACHINE);
    assertThat(failure.message()).contains("‹threads›", "ulimit -u").doesNotContain("‹samples›");
  }

  @Test
  void anythingElseIsOursAndOneLine() {
    var failure = Failure.of(new IllegalStateException("first\nsecond"));
    assertThat(failure.kind()).isNull();
    assertThat(failure.message()).isEqualTo("java.lang.IllegalStateException: first");
  }
}
