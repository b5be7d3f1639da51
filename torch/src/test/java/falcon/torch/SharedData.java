package falcon.torch;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;

/// Data beside the project, which tests use where they exist.
final class SharedData {
  private SharedData() {}

  /// Returns the path of a file in `../shared/data`; skips the test where it is missing.
  static Path path(String name) {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      Path file = folder.resolve("shared/data").resolve(name);
      if (Files.exists(file)) {
        return file;
      }
    }
    assumeThat(false).as("../shared/data/%s is not there", name).isTrue();
    throw new AssertionError("unreachable");
  }
}
