package falcon.prune.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.prune.options.PruningException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The lock of a folder, among threads and among processes.
class FolderLockTest {
  private static final int HELD = 7;
  private static final int OVERLAP = 9;

  @TempDir Path folder;

  @Test
  void oneHolderAtATimeUnderWhateverName() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder);
    try (FolderLock _ = FolderLock.take(folder)) {
      for (Path name : List.of(folder, link, folder.resolve("./link"))) {
        assertThatThrownBy(() -> FolderLock.take(name)).hasMessageContaining("another run works");
      }
    }
    FolderLock.take(link).close();
  }

  @Test
  void closingTwiceLetsGoOfNobodyElsesLock() {
    FolderLock first = FolderLock.take(folder);
    first.close();
    try (FolderLock _ = FolderLock.take(folder)) {
      first.close();
      assertThatThrownBy(() -> FolderLock.take(folder)).hasMessageContaining("another run works");
    }
  }

  /// A refused attempt closes a file, and with any file that a process closes the system drops all
  /// locks that the process has on it.
  @Test
  void aRefusedAttemptOfThisProcessDoesNotLetAnotherOneIn() throws Exception {
    try (FolderLock _ = FolderLock.take(folder)) {
      assertThatThrownBy(() -> FolderLock.take(folder)).hasMessageContaining("another run works");
      assertThat(process("once").waitFor()).isEqualTo(HELD);
    }
    assertThat(process("once").waitFor()).isZero();
  }

  /// Many processes take the lock, let go of it and take it again; what each does while it holds
  /// the lock fails if another one does the same.
  @Test
  void noTwoProcessesWorkAtOnce() throws Exception {
    var processes = new ArrayList<Process>();
    for (int i = 0; i < 4; i++) {
      processes.add(process("often"));
    }
    for (Process process : processes) {
      assertThat(process.waitFor()).as(process.info().toString()).isZero();
    }
    assertThat(folder.resolve("busy")).doesNotExist();
  }

  private Process process(String how) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Holder.class.getName(),
            folder.toString(),
            how)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /// What the other processes run.
  static final class Holder {
    private static final int TIMES = 300;

    private Holder() {}

    /// @param args the folder, and how often
    public static void main(String[] args) throws IOException {
      Path folder = Path.of(args[0]);
      int times = args[1].equals("once") ? 1 : TIMES;
      for (int taken = 0; taken < times; ) {
        try (FolderLock _ = FolderLock.take(folder)) {
          work(folder.resolve("busy"));
          taken++;
        } catch (PruningException e) {
          if (times == 1) {
            System.exit(HELD);
          }
          Thread.onSpinWait();
        }
      }
    }

    private static void work(Path busy) {
      try {
        Files.write(
            busy, "at work".getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE_NEW);
        Files.delete(busy);
      } catch (IOException _) {
        System.exit(OVERLAP);
      }
    }
  }
}
