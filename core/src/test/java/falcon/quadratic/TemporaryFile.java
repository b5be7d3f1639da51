package falcon.quadratic;

import falcon.gradients.GradientMatrix;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;

/// A file for a gradient matrix, deleted when it is closed.
public final class TemporaryFile {
  private TemporaryFile() {}

  public static GradientMatrix.Scratch scratch() throws IOException {
    var file = Files.createTempFile("falcon-test-", ".tmp");
    return new GradientMatrix.Scratch(
        FileChannel.open(
            file,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE),
        "a temporary folder");
  }
}
