package falcon.model.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The target of the fuzzer Jazzer, coverage-guided and of any duration; the build needs no Jazzer.
/// `docs/results/fuzzing.md` lists the commands.
public final class JazzerTarget {
  private static final Trial TRIAL = new Trial(folder());

  private JazzerTarget() {}

  /// Loads the readers' classes: the fuzzer instruments classes when they are loaded, which takes
  /// memory.
  public static void fuzzerInitialize() throws IOException {
    for (byte[] file : wholeFiles()) {
      try {
        TRIAL.run(Trial.Reader.ANY, file);
      } catch (AssertionError e) {
        if (!String.valueOf(e.getMessage()).contains("set aside")) {
          throw e;
        }
      }
    }
  }

  /// Tries one file of any format.
  ///
  /// @param file bytes made by the fuzzer
  public static void fuzzerTestOneInput(byte[] file) {
    TRIAL.run(Trial.Reader.ANY, file);
  }

  /// Writes the initial corpus.
  ///
  /// @param args a folder
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    List<byte[]> files = wholeFiles();
    for (int i = 0; i < files.size(); i++) {
      Files.write(folder.resolve("whole" + i), files.get(i));
    }
  }

  private static List<byte[]> wholeFiles() throws IOException {
    List<byte[]> files = new ArrayList<>(Corpus.onnx());
    files.addAll(Corpus.checkpoints());
    files.addAll(Corpus.safetensors(folder()));
    return files;
  }

  private static Path folder() {
    try {
      Path folder = Files.createTempDirectory("falcon-fuzz");
      Files.write(folder.resolve(Corpus.WEIGHTS), new byte[16]);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
