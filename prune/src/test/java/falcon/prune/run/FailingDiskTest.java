package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import falcon.model.UnwritableFileException;
import falcon.prune.options.Failure;
import falcon.prune.options.PruningException;
import falcon.prune.storage.FileContent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Runs on a disk that fails at one of its operations after the other: a full disk, and a kill.
/// Here it is every eleventh one; `-Dfalcon.fault.step=1` tries all of them.
class FailingDiskTest {
  private static final int STEP = Integer.getInteger("falcon.fault.step", 11);
  private static final SmallRun OLD = SmallRun.of(0.7);
  private static final SmallRun NEW = SmallRun.of(0.4);
  private static final Map<String, String> OTHERS =
      Map.of("notes.txt", "mine", "stages/01/notes.txt", "mine, too", "stages/tables/a.csv", "1");

  @TempDir Path temporary;
  private FailingDisk disk;
  private Path directory;

  @BeforeEach
  void prepare() {
    disk = new FailingDisk(temporary);
    directory = temporary.resolve("run");
  }

  @ParameterizedTest
  @EnumSource
  void aRunGoesOnFromEveryOperationThatFailed(FailingDisk.Fault fault) throws IOException {
    Map<String, String> unbroken = unbroken(temporary.resolve("unbroken"));
    for (int k = first(fault); ; k += STEP) {
      remove(directory);
      if (!fails(k, fault, RunDirectory.Existing.REFUSE)) {
        assertThat(k).as("operations").isGreaterThan(15);
        assertThat(SmallRun.contents(directory)).isEqualTo(unbroken);
        return;
      }
      Map<String, String> stages = finishedStages();
      NEW.run(disk.path(directory), RunDirectory.Existing.RESUME);
      assertThat(SmallRun.contents(directory)).as("after operation %d", k).isEqualTo(unbroken);
      assertThat(SmallRun.contents(directory)).as("stages of before").containsAllEntriesOf(stages);
      assertWhole(NEW);
    }
  }

  @ParameterizedTest
  @EnumSource
  void anOldRunIsWholeUntilTheNewOneIs(FailingDisk.Fault fault) throws IOException {
    Map<String, String> ofNew = withOthers(unbroken(temporary.resolve("unbroken")));
    for (int k = first(fault); ; k += STEP) {
      remove(directory);
      OLD.run(disk.path(directory), RunDirectory.Existing.REFUSE);
      for (Map.Entry<String, String> other : OTHERS.entrySet()) {
        Path file = directory.resolve(other.getKey());
        Files.createDirectories(file.getParent());
        Files.writeString(file, other.getValue());
      }
      Map<String, String> ofOld = SmallRun.contents(directory);
      byte[] oldResult = Files.readAllBytes(directory.resolve("result.json"));
      if (!fails(k, fault, RunDirectory.Existing.REPLACE)) {
        assertThat(k).as("operations").isGreaterThan(25);
        assertThat(SmallRun.contents(directory)).isEqualTo(ofNew);
        assertWhole(NEW);
        return;
      }
      boolean isDecided = Exchange.isPending(RunStart.next(directory));
      if (!isDecided && SmallRun.contents(directory).containsKey(next("stages/run.json"))) {
        assertThat(SmallRun.contents(directory)).as("operation %d", k).containsAllEntriesOf(ofOld);
        assertThat(directory.resolve("result.json")).hasBinaryContent(oldResult);
      }
      assertThat(isDecided && fault == FailingDisk.Fault.FULL).as("operation %d", k).isFalse();
      boolean isOver = RunRecord.of(directory).differences(NEW.description().identity()).isEmpty();
      if (!isDecided && !isOver) {
        assertWhole(OLD);
      }
      NEW.run(
          disk.path(directory),
          isDecided || isOver || RunRecord.of(RunStart.next(directory)).isRun()
              ? RunDirectory.Existing.RESUME
              : RunDirectory.Existing.REPLACE);
      assertThat(SmallRun.contents(directory)).as("after operation %d", k).isEqualTo(ofNew);
      assertWhole(NEW);
    }
  }

  @Test
  void aFolderOfStagesOnAnotherDiskIsReplacedAsWell() throws IOException {
    // a link: a name on one disk, its files on another one
    OLD.run(directory, RunDirectory.Existing.REFUSE);
    Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere")).resolve("stages");
    Files.move(directory.resolve("stages"), elsewhere);
    Files.createSymbolicLink(directory.resolve("stages"), elsewhere);
    NEW.run(directory, RunDirectory.Existing.REPLACE);
    assertThat(directory.resolve("stages")).isSymbolicLink();
    assertWhole(NEW);
  }

  private static String next(String name) {
    return RunNames.NEXT + "/" + name;
  }

  /// The first operation that is tried.
  private static int first(FailingDisk.Fault fault) {
    return new SplittableRandom(fault.name().hashCode()).nextInt(STEP);
  }

  /// Runs on a disk that fails after so many operations.
  ///
  /// @return whether it did
  private boolean fails(int count, FailingDisk.Fault fault, RunDirectory.Existing existing) {
    disk.failAfter(count, fault);
    try {
      NEW.run(disk.path(directory), existing);
      return false;
    } catch (UnwritableFileException e) {
      Failure failure = Failure.of(e);
      assertThat(failure.kind()).isEqualTo(PruningException.Kind.INPUT);
      assertThat(failure.message())
          .contains(directory.toString(), "No space left on device")
          .doesNotContain("Nothing was changed");
      return true;
    } finally {
      assertThat(disk.hasFailed()).isIn(true, false);
      disk.mend();
    }
  }

  private Map<String, String> finishedStages() {
    var stages = new TreeMap<>(Files.exists(directory) ? SmallRun.contents(directory) : Map.of());
    stages.keySet().removeIf(name -> !name.matches("stages/\\d\\d/.*"));
    return stages;
  }

  private static Map<String, String> unbroken(Path folder) {
    NEW.run(folder, RunDirectory.Existing.REFUSE);
    return SmallRun.contents(folder);
  }

  private Map<String, String> withOthers(Map<String, String> contents) throws IOException {
    var all = new TreeMap<>(contents);
    for (Map.Entry<String, String> other : OTHERS.entrySet()) {
      Path file = Files.writeString(temporary.resolve("other"), other.getValue());
      all.put(other.getKey(), FileContent.of(file).toString());
    }
    return all;
  }

  /// The folder holds that run, finished, with all files as they were written.
  private void assertWhole(SmallRun run) {
    try (RunDirectory opened = run.open(directory, RunDirectory.Existing.RESUME)) {
      if (!opened.isFinished()) {
        fail("not finished: %s", SmallRun.contents(directory).keySet());
      }
    }
  }

  private static void remove(Path folder) {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
