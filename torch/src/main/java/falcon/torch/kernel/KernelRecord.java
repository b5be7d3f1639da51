package falcon.torch.kernel;

import falcon.model.AtomicFile;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The verdict on a machine's kernels, stored in the cache folder so that it is determined once per
/// machine, library and setting.
///
/// @param file file of the verdict; its name depends on everything that the verdict depends on
/// @param key everything that the verdict depends on, one per line
record KernelRecord(Path file, String key) {
  /// Version of trials and kernels, raised whenever they change.
  private static final String VERSION = "1";

  private static final String KEY = "key";

  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  /// The folder in which Linux lists the caches of a processor, if it knows them.
  private static final Path CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");

  /// Fields of `/proc/cpuinfo` that differ between kinds of processors but do not change over time.
  private static final Set<String> PROCESSOR_FIELDS =
      Set.of(
          "vendor_id",
          "cpu family",
          "model",
          "model name",
          "stepping",
          "microcode",
          "cache size",
          "flags",
          "CPU implementer",
          "CPU part",
          "CPU variant",
          "Features");

  /// Prefixes of the environment variables that influence the libraries.
  private static final Set<String> VARIABLES =
      Set.of("ONEDNN_", "DNNL_", "OPENBLAS_", "ATEN_", "MKL_", "ACL_");

  /// @param cache cache folder
  /// @param libraries jars, whose names contain their versions
  /// @param declared kernels that count as wrong
  static KernelRecord of(Path cache, Set<String> libraries, Set<Kernel> declared) {
    var lines = new TreeMap<String, String>();
    lines.put("version", VERSION);
    lines.put(
        "libraries",
        libraries.stream()
            .map(library -> String.valueOf(Path.of(library).getFileName()))
            .collect(Collectors.joining(",")));
    lines.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    lines.put("wrong", declared.stream().map(Kernel::id).sorted().collect(Collectors.joining(",")));
    lines.putAll(processor());
    lines.put("caches", caches());
    System.getenv()
        .forEach((name, value) -> {
          if (VARIABLES.stream().anyMatch(name::startsWith)) {
            lines.put(name, value);
          }
        });
    String key =
        lines.entrySet().stream()
            .map(line -> line.getKey() + "=" + line.getValue())
            .collect(Collectors.joining("\n"));
    return new KernelRecord(
        cache.resolve("kernels-%s.properties".formatted(Integer.toHexString(key.hashCode()))), key);
  }

  private static Map<String, String> processor() {
    var fields = new TreeMap<String, String>();
    if (Files.isReadable(PROCESSORS)) {
      try (Stream<String> lines = Files.lines(PROCESSORS)) {
        lines
            .takeWhile(line -> !line.isBlank()) // The first processor.
            .map(line -> line.split(":", 2))
            .filter(line -> line.length == 2 && PROCESSOR_FIELDS.contains(line[0].strip()))
            .forEach(line -> fields.put("processor " + line[0].strip(), line[1].strip()));
      } catch (IOException e) {
        fields.put("processor", "unreadable");
      }
    }
    return fields;
  }

  private static String caches() {
    if (!Files.isDirectory(CACHES)) {
      return "hidden";
    }
    try (Stream<Path> entries = Files.list(CACHES)) {
      return entries
          .filter(entry -> Files.isReadable(entry.resolve("size")))
          .sorted()
          .map(entry -> entry.getFileName() + ":" + text(entry.resolve("size")))
          .collect(Collectors.joining(","));
    } catch (IOException e) {
      return "unreadable";
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "unreadable";
    }
  }

  /// @return null if there is no verdict, or none that can be trusted
  @Nullable KernelVerdict read() {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    var properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
    } catch (IOException | IllegalArgumentException e) {
      return null;
    }
    if (!key.equals(properties.remove(KEY))) {
      return null;
    }
    var faults = new EnumMap<Kernel, String>(Kernel.class);
    for (String name : properties.stringPropertyNames()) {
      try {
        faults.put(Kernel.valueOf(name), properties.getProperty(name));
      } catch (IllegalArgumentException e) {
        return null;
      }
    }
    return new KernelVerdict(faults);
  }

  /// Stores a verdict; the file exists complete or not at all.
  ///
  /// @throws falcon.model.UnwritableFileException if it cannot be written
  void write(KernelVerdict verdict) {
    var properties = new Properties();
    properties.setProperty(KEY, key);
    verdict.faults().forEach((kernel, fault) -> properties.setProperty(kernel.name(), fault));
    AtomicFile.write(file, out -> properties.store(out, null));
  }
}
