package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Networks of `models/narrow` whose attributes, shapes, types, values or wiring are damaged: each
/// is executed and pruned, or refused with the place of the fault; none ends the process.
@Tag("native")
class SemanticMutantTest {
  /// How many: `-Dfalcon.mutants=1000`.
  private static final int COUNT = Integer.getInteger("falcon.mutants", 100);

  /// Which: `-Dfalcon.mutants.seed=2`.
  private static final long SEED = Long.getLong("falcon.mutants.seed", 1);

  /// Memory that a process may map, in KiB: what a mutant asks for beyond it, it does not get.
  private static final long MOST_KIBIBYTES = 16L << 20;

  /// Seconds that a mutant may take on average, before its process is taken to hang.
  private static final int SECONDS_EACH = 20;

  @TempDir private Path folder;

  @Test
  void eachWorksOrIsRefusedWithItsPlace() throws IOException, InterruptedException {
    var wrong = new ArrayList<String>();
    int next = 0;
    int ended = 0;
    while (next < COUNT) {
      List<String> lines = run(next);
      String last = "";
      for (String line : lines) {
        if (line.startsWith("BEGIN ")) {
          last = line;
          next = number(line) + 1;
        } else if (line.startsWith("END ")) {
          ended++;
          if (line.contains(MutantRunner.FAULT) || line.contains(MutantRunner.NOWHERE)) {
            wrong.add(last + System.lineSeparator() + line);
          }
        }
      }
      if (!lines.contains(MutantRunner.DONE)) {
        assertThat(last).as("%s", lines).startsWith("BEGIN ");
        wrong.add("the process ended or hung at " + last);
      }
    }
    assertThat(wrong).as("seed %d", SEED).isEmpty();
    assertThat(ended).isEqualTo(COUNT);
  }

  private static int number(String line) {
    return Integer.parseInt(line.split(" ", 3)[1]);
  }

  /// Runs the mutants from one on in a process of their own, until it is through or ends.
  private List<String> run(int first) throws IOException, InterruptedException {
    Path output = folder.resolve("output-" + first);
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    var command =
        List.of(
            "sh",
            "-c",
            "ulimit -v " + MOST_KIBIBYTES + "; exec \"$@\"",
            "sh",
            java.toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dorg.bytedeco.javacpp.maxBytes=0",
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-XX:ErrorFile=/dev/null",
            "-Xmx2g",
            "-cp",
            System.getProperty("java.class.path"),
            MutantRunner.class.getName(),
            Files.createDirectories(folder.resolve("data")).toString(),
            Integer.toString(first),
            Integer.toString(COUNT),
            Long.toString(SEED));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(folder.resolve("errors-" + first).toFile())
            .start();
    if (!process.waitFor(60L + (long) SECONDS_EACH * (COUNT - first), TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    return Files.readAllLines(output);
  }
}
