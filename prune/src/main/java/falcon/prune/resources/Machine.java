package falcon.prune.resources;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// The machine of a run, as the operating system describes it.
public final class Machine {
  private Machine() {}

  /// Returns facts by name: processor (where known), architecture, number of processors, memory in
  /// bytes.
  public static Map<String, Object> facts() {
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

  /// Returns the memory that is available without taking any from other processes: the operating
  /// system's figure of available memory, within the limits of the control group; the free memory
  /// where the system reports nothing more.
  static long freeMemoryBytes() {
    long available = kibibytes(field(Path.of("/proc/meminfo"), "MemAvailable"));
    if (available == 0
        && ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system) {
      available = system.getFreeMemorySize();
    }
    Path group = Path.of("/sys/fs/cgroup");
    return Math.min(
        available,
        Math.min(
            groupBytes(group.resolve("memory.max"), group.resolve("memory.current")),
            groupBytes(
                group.resolve("memory/memory.limit_in_bytes"),
                group.resolve("memory/memory.usage_in_bytes"))));
  }

  /// Returns the remaining memory of a control group, unlimited where there is none.
  static long groupBytes(Path limit, Path usage) {
    long most = number(limit);
    return most < 0 ? Long.MAX_VALUE : Math.max(0, most - Math.max(0, number(usage)));
  }

  private static long number(Path file) {
    if (!Files.isReadable(file)) {
      return -1;
    }
    try {
      String text = Files.readString(file).strip();
      return text.matches("\\d{1,18}") ? Long.parseLong(text) : -1;
    } catch (IOException e) {
      return -1;
    }
  }

  /// Returns the value of the first line `name: value`, empty if there is none.
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
