package falcon.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir Path folder;

  @Test
  void writesAndReplaces() {
    Path path = folder.resolve("a.txt");
    AtomicFile.write(path, out -> out.write('1'));
    AtomicFile.write(path, out -> out.write('2'));
    assertThat(path).hasContent("2");
    holdsOneFile(folder);
  }

  @Test
  void aFullDiskLeavesTheOldFileAndNothingElse() throws IOException {
    Path path = Files.writeString(folder.resolve("a.txt"), "old");
    assertThatThrownBy(() ->
            AtomicFile.write(
                path,
                out -> {
                  out.write("new".getBytes(StandardCharsets.UTF_8));
                  throw new IOException("No space left on device");
                }))
        .isInstanceOf(UnwritableFileException.class)
        .hasMessage(
            """
            %s: cannot be written: No space left on device
            It is as it was before. Check the free space of that disk, or choose another folder.\
            """,
            path);
    assertThat(path).hasContent("old");
    holdsOneFile(folder);
  }

  @Test
  void adviceFitsTheReason() {
    Path path = folder.resolve("a.txt");
    assertThat(new UnwritableFileException(path, new FileSystemException("a", null, "Read-only")))
        .hasMessage(
            "%s: cannot be written: Read-only%nChoose a folder that you may write to.", path);
    assertThat(new UnwritableFileException(path, new FileAlreadyExistsException("a")))
        .hasMessage(
            "%s: cannot be written: a is in the way%nMove that away, or choose another folder.",
            path);
    assertThat(new UnwritableFileException(path, new NotDirectoryException("a")))
        .hasMessageContaining("a is no folder");
  }

  @Test
  void whatWasReplacedBeforeAFailureIsNamed() throws IOException {
    Path first = folder.resolve("a.txt");
    Path second = Files.createDirectory(folder.resolve("b.txt"));
    Files.createFile(second.resolve("inside"));
    var bodies = new LinkedHashMap<Path, AtomicFile.Body>();
    bodies.put(first, out -> out.write('1'));
    bodies.put(second, out -> out.write('2'));
    assertThatThrownBy(() -> AtomicFile.writeAll(bodies))
        .isInstanceOf(UnwritableFileException.class)
        .hasMessageStartingWith(second + ": cannot be written")
        .hasMessageContaining(
            "It is as it was before; already written were %s, which belong to it.", first);
    assertThat(first).hasContent("1");
  }

  @Test
  void anUncheckedExceptionLeavesTheOldFileAndArrivesAsItIs() throws IOException {
    Path path = Files.writeString(folder.resolve("a.txt"), "old");
    assertThatThrownBy(() ->
            AtomicFile.write(
                path,
                _ -> {
                  throw new IllegalStateException("wrong");
                }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(path).hasContent("old");
    holdsOneFile(folder);
  }

  @Test
  void aMissingFolderIsNamed() {
    Path path = folder.resolve("none/a.txt");
    assertThatThrownBy(() -> AtomicFile.write(path, out -> out.write(1)))
        .isInstanceOf(UnwritableFileException.class)
        .hasMessage(
            """
            %s: cannot be written: there is no such folder
            It is as it was before. Make the folder first.\
            """,
            path);
  }

  @Test
  void aSymbolicLinkStaysAndItsTargetIsReplaced() throws IOException {
    Path target = Files.writeString(folder.resolve("target.txt"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link.txt"), target);
    AtomicFile.write(link, out -> out.write('n'));
    assertThat(link).isSymbolicLink();
    assertThat(target).hasContent("n");
  }

  @Test
  void remainsOfAKilledWriterAreNoObstacle() throws IOException {
    Files.createFile(folder.resolve(".a.txt.tmp0"));
    AtomicFile.write(folder.resolve("a.txt"), out -> out.write('1'));
    assertThat(folder.resolve("a.txt")).hasContent("1");
  }

  private static void holdsOneFile(Path path) {
    try (var files = Files.list(path)) {
      assertThat(files).hasSize(1);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
