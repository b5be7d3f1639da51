package falcon.prune;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// The machine that a run is made on, as the operating system describes it.
final class Machine {
  private Machine() {}

  /// Facts by name: processor (where known), architecture, number of processors, memory in bytes.
  static Map<String, Object> facts() {
    var facts = new LinkedHashMap<String, Object>();
    String processor = field(Path.of("/proc/cpuinfo"), "model name");
    if (!processor.isEmpty()) {
      facts.put("processor", processor);
    }
    facts.put("architecture", System.getProperty("os.arch"));
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    long memoryBytes = kibibytes(field(Path.of("/proc/meminfo"), "MemTotal"));
    if (memoryBytes > 0) {
      facts.put("memoryBytes", memoryBytes);
    }
    return facts;
  }

  /// Value of the first line `name: value`, empty if there is none.
  private static String field(Path file, String name) {
    if (!Files.isReadable(file)) {
      return "";
    }
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name) && line.contains(":"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long kibibytes(String text) {
    String number = text.replace("kB", "").strip();
    return number.isEmpty() ? 0 : 1024 * Long.parseLong(number);
  }
}
