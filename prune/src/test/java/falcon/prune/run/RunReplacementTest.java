package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.options.PruningException;
import falcon.prune.storage.Json;
import falcon.prune.storage.ModelFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs that replace others, runs that are damaged, and whose files are removed.
class RunReplacementTest {
  private static final SmallRun OLD = SmallRun.of(0.7);
  private static final SmallRun NEW = SmallRun.of(0.4);

  @TempDir Path temporary;
  private Path directory;

  @BeforeEach
  void prepare() {
    directory = temporary.resolve("run");
    OLD.run(directory, RunDirectory.Existing.REFUSE);
  }

  @Test
  void theOldRunStaysWhileTheNewOneIsAtWork() {
    Map<String, String> old = SmallRun.contents(directory);
    try (RunDirectory run = NEW.open(directory, RunDirectory.Existing.REPLACE)) {
      assertThat(run.isFinished()).isFalse();
      assertThat(run.stages().finished()).isEmpty();
      NEW.saveStages(run);
      assertThat(SmallRun.contents(directory)).containsAllEntriesOf(old);
    }
    // broken off: the old run is finished as before, for its own options
    assertWhole(OLD);
    assertThatThrownBy(() -> OLD.open(directory, RunDirectory.Existing.REFUSE))
        .hasMessageContaining("a finished one, and another that was begun to replace it.");
    // and the new one goes on where it was
    try (RunDirectory run = NEW.open(directory, RunDirectory.Existing.RESUME)) {
      assertThat(run.stages().finished()).hasSize(2);
      run.write(NEW.pruned());
    }
    assertWhole(NEW);
    assertThat(SmallRun.contents(directory)).isEqualTo(unbroken(NEW));
  }

  @Test
  void forceBeginsAgainWhatWasBrokenOff() {
    try (RunDirectory run = NEW.open(directory, RunDirectory.Existing.REPLACE)) {
      NEW.saveStages(run);
    }
    SmallRun third = SmallRun.of(0.2);
    try (RunDirectory run = third.open(directory, RunDirectory.Existing.REPLACE)) {
      assertThat(run.stages().finished()).isEmpty();
    }
    third.run(directory, RunDirectory.Existing.RESUME);
    assertThat(SmallRun.contents(directory)).isEqualTo(unbroken(third));
  }

  @Test
  void aRunOfAnotherFormatLeavesNothingOfTheOldOne() throws IOException {
    Files.writeString(directory.resolve("notes.txt"), "mine");
    Files.writeString(directory.resolve("stages/02/notes.txt"), "mine, too");
    var run = new SmallRun(SmallRun.MODEL, 0.4, ModelFormat.SAFETENSORS);
    run.run(directory, RunDirectory.Existing.REPLACE);
    assertThat(SmallRun.contents(directory).keySet())
        .containsExactly(
            "mask.safetensors",
            "model.safetensors",
            "notes.txt",
            "report.html",
            "report.md",
            "stages/01/mask.safetensors",
            "stages/01/stage.json",
            "stages/01/weights.safetensors",
            "stages/02/mask.safetensors",
            "stages/02/notes.txt",
            "stages/02/stage.json",
            "stages/02/weights.safetensors",
            "stages/run.json");
  }

  @Test
  void anUnfinishedRunStaysUntilItIsReplaced() throws IOException {
    Path unfinished = temporary.resolve("unfinished");
    try (RunDirectory run = OLD.open(unfinished, RunDirectory.Existing.REFUSE)) {
      OLD.saveStages(run);
    }
    NEW.open(unfinished, RunDirectory.Existing.REPLACE).close();
    try (RunDirectory run = OLD.open(unfinished, RunDirectory.Existing.RESUME)) {
      assertThat(run.stages().finished()).hasSize(2);
    }
    NEW.run(unfinished, RunDirectory.Existing.RESUME);
    assertThat(SmallRun.contents(unfinished)).isEqualTo(unbroken(NEW));
  }

  @Test
  void whatIsKeptOfAStageThatIsUnderWayGoesWithItsRun() throws IOException {
    Path unfinished = temporary.resolve("unfinished");
    Path notes = Path.of("stages/03.begun/Notes.txt");
    OLD.open(unfinished, RunDirectory.Existing.REFUSE).close();
    begin(unfinished);
    Files.writeString(unfinished.resolve(notes), "mine");
    NEW.open(unfinished, RunDirectory.Existing.REPLACE).close();
    begin(unfinished.resolve(".falcon-next"));
    try (RunDirectory run = NEW.open(unfinished, RunDirectory.Existing.REPLACE)) {
      assertThat(run.canBeResumed()).isFalse();
    }
    try (RunDirectory run = OLD.open(unfinished, RunDirectory.Existing.RESUME)) {
      assertThat(run.canBeResumed()).isTrue();
    }
    NEW.run(unfinished, RunDirectory.Existing.RESUME);
    Map<String, String> contents = SmallRun.contents(unfinished);
    assertThat(contents.remove(notes.toString())).isNotNull();
    assertThat(contents).isEqualTo(unbroken(NEW));
  }

  /// What a run that is killed inside of its first stage, or of a third one, leaves.
  private static void begin(Path work) throws IOException {
    for (String stage : new String[] {"01", "03"}) {
      Path begun = Files.createDirectories(work.resolve("stages/%s.begun".formatted(stage)));
      Files.writeString(begun.resolve("support-search.safetensors"), "whole");
      Files.writeString(begun.resolve(".refinement.safetensors.tmp0"), "begun");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.onnx", "mask.safetensors", SmallRun.WEIGHTS})
  void aFileThatWasChangedIsDamageAndIsNotReplaced(String name) throws IOException {
    Path file = directory.resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1]++;
    Files.write(file, bytes);
    refused(OLD, RunDirectory.Existing.RESUME)
        .hasMessageStartingWith(file + ": has the length that was written")
        .hasMessageContaining("Move it away and say ‹resume› again");
    refused(NEW, RunDirectory.Existing.REPLACE)
        .hasMessageContaining("not what Falcon wrote, and no other file is replaced");
    Files.write(file, new byte[] {1});
    refused(OLD, RunDirectory.Existing.RESUME).hasMessageContaining("has 1 bytes where");
    Files.delete(file);
    OLD.run(directory, RunDirectory.Existing.RESUME);
    assertWhole(OLD);
    assertThat(SmallRun.contents(directory)).isEqualTo(unbroken(OLD));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "{}", "[]", "null", "{\"schemaVersion\":1}"})
  void aDamagedResultIsDamage(String text) throws IOException {
    Path file = Files.writeString(directory.resolve("result.json"), text);
    refused(OLD, RunDirectory.Existing.RESUME)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining("Move that file away and say ‹resume› again");
    refused(NEW, RunDirectory.Existing.REPLACE)
        .hasMessageContaining("nothing tells whether Falcon wrote it (" + file);
    assertThat(file).hasContent(text);
    Files.delete(file);
    OLD.run(directory, RunDirectory.Existing.RESUME);
    assertThat(SmallRun.contents(directory)).isEqualTo(unbroken(OLD));
    assertWhole(OLD);
  }

  @Test
  void aFileInTheWayAtTheEndStays() throws IOException {
    Path other = temporary.resolve("other");
    try (RunDirectory run = OLD.open(other, RunDirectory.Existing.REFUSE)) {
      OLD.saveStages(run);
      Path file = Files.writeString(other.resolve("mask.safetensors"), "mine");
      assertThatThrownBy(() -> run.write(OLD.pruned()))
          .isInstanceOf(PruningException.class)
          .hasMessageStartingWith(file + ": is in the way of the new file");
      assertThat(file).hasContent("mine");
      assertThat(other.resolve("model.onnx")).doesNotExist();
      Files.delete(file);
    }
    OLD.run(other, RunDirectory.Existing.RESUME);
    assertThat(SmallRun.contents(other)).isEqualTo(unbroken(OLD));
  }

  @Test
  void aLinkInTheWayIsNotFollowed() throws IOException {
    Path precious = Files.writeString(temporary.resolve("precious"), "mine");
    Path other = temporary.resolve("other");
    try (RunDirectory run = OLD.open(other, RunDirectory.Existing.REFUSE)) {
      Files.createSymbolicLink(other.resolve("model.onnx"), precious);
      assertThatThrownBy(() -> run.write(OLD.pruned())).hasMessageContaining("in the way");
    }
    assertThat(precious).hasContent("mine");
  }

  @Test
  void anotherFormatIsAnotherRun() {
    refused(
            new SmallRun(SmallRun.MODEL, 0.7, ModelFormat.ONNX_SPARSE),
            RunDirectory.Existing.RESUME)
        .hasMessageContaining("  format: onnx there, onnx-sparse now");
  }

  @Test
  void aFinishedRunIsKnownWithoutItsStages() throws IOException {
    for (String name : StageFolder.files(directory.resolve("stages"))) {
      Exchange.removeFile(directory.resolve("stages"), name);
    }
    Files.delete(directory.resolve("stages/run.json"));
    Files.delete(directory.resolve("stages"));
    assertWhole(OLD);
    refused(NEW, RunDirectory.Existing.RESUME).hasMessageContaining("macs: 70% there, 40% now");
    refused(NEW, RunDirectory.Existing.REFUSE).hasMessageContaining("holds a run already");
    NEW.run(directory, RunDirectory.Existing.REPLACE);
    assertWhole(NEW);
  }

  /// As results were before sizes and hashes of all files stood in them.
  @Test
  void aResultWithoutHashesIsCheckedByItsSizes() throws IOException {
    Path file = directory.resolve("result.json");
    var result = (ObjectNode) Json.read(file, "");
    result.remove("mask");
    result.remove("identity");
    result.at("/model/files").forEach(entry -> ((ObjectNode) entry).remove("sha256"));
    Json.write(result, file);
    assertWhole(OLD);
    NEW.run(directory, RunDirectory.Existing.REPLACE);
    assertThat(SmallRun.contents(directory)).isEqualTo(unbroken(NEW));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../precious", "/etc/passwd", "a/../../precious", ""})
  void aResultThatNamesFilesElsewhereIsNotFalcons(String name) throws IOException {
    Path precious = Files.writeString(temporary.resolve("precious"), "mine");
    Path file = directory.resolve("result.json");
    var result = (ObjectNode) Json.read(file, "");
    ((ObjectNode) result.at("/model/files/0")).put("name", name).put("bytes", 4).remove("sha256");
    Json.write(result, file);
    refused(OLD, RunDirectory.Existing.RESUME).hasMessageContaining("not what Falcon writes");
    refused(NEW, RunDirectory.Existing.REPLACE).hasMessageContaining("nothing tells");
    assertThat(precious).hasContent("mine");
  }

  @ParameterizedTest
  @EnumSource
  void aRunThatIsThereIsOpenedByOneAtATime(RunDirectory.Existing existing) {
    try (RunDirectory _ = NEW.open(directory, RunDirectory.Existing.REPLACE)) {
      refused(OLD, existing).hasMessageContaining("another run works in this folder");
    }
  }

  private AbstractThrowableAssert<?, ? extends Throwable> refused(
      SmallRun run, RunDirectory.Existing existing) {
    Map<String, String> before = SmallRun.contents(directory);
    var refused =
        assertThatThrownBy(() -> run.open(directory, existing).close())
            .isInstanceOf(PruningException.class);
    assertThat(SmallRun.contents(directory)).isEqualTo(before);
    return refused;
  }

  private void assertWhole(SmallRun run) {
    try (RunDirectory opened = run.open(directory, RunDirectory.Existing.RESUME)) {
      assertThat(opened.isFinished()).isTrue();
    }
  }

  private Map<String, String> unbroken(SmallRun run) {
    Path folder = temporary.resolve("unbroken");
    run.run(folder, RunDirectory.Existing.REFUSE);
    return SmallRun.contents(folder);
  }
}
