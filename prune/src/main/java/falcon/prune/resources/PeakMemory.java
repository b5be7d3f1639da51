package falcon.prune.resources;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The greatest resident memory of this process.
public final class PeakMemory {
  private PeakMemory() {}

  /// @return bytes, 0 where the operating system does not report them
  public static long bytes() {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    try (var lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
