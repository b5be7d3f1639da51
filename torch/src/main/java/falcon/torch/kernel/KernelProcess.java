package falcon.torch.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/// Tries kernels in a separate process: a wrong kernel may damage memory or end the process.
///
/// The process ends after the first wrong kernel. Where it dies or does not end, the kernel in
/// progress is tried once more, since something else may have ended the process, and then counts as
/// wrong.
final class KernelProcess implements KernelSelection.Trials {
  /// Time limit of a process in seconds. It takes a few seconds; a machine under load may be far
  /// slower.
  private static final long MOST_SECONDS = 300;

  private final Path cache;
  private final Path java;
  private boolean isComplete = true;

  /// @param cache folder of the unpacked libraries; the process works there
  /// @param java the program to start
  KernelProcess(Path cache, Path java) {
    this.cache = cache;
    this.java = java;
  }

  /// Tries kernels and writes one line for each: `ID: FAULT`, with nothing behind the colon where
  /// the kernel is right.
  ///
  /// @param arguments a file for the results, then names of kernels
  public static void main(String[] arguments) throws IOException {
    NativeLibraries.loadForTrials();
    var trials = new KernelTrials();
    Path results = Path.of(arguments[0]);
    for (int i = 1; i < arguments.length; i++) {
      String fault = trials.fault(Kernel.valueOf(arguments[i]));
      Files.writeString(
          results,
          "%s: %s\n".formatted(arguments[i], fault == null ? "" : fault),
          StandardOpenOption.APPEND);
      if (fault != null) {
        return;
      }
    }
  }

  /// The output of a process.
  ///
  /// @param results results by kernel, in order; none behind the first wrong one
  /// @param end the end of the process, with its last line of output
  private record Attempt(Map<Kernel, String> results, String end) {}

  @Override
  public Map<Kernel, String> run(List<Kernel> kernels) {
    try {
      Attempt attempt = attempt(kernels);
      if (attempt.results().isEmpty()) {
        attempt = attempt(kernels);
      }
      return attempt.results().isEmpty()
          ? Map.of(kernels.getFirst(), attempt.end())
          : attempt.results();
    } catch (IOException e) {
      isComplete = false;
      return Map.of(kernels.getFirst(), here(kernels.getFirst(), e));
    }
  }

  /// Returns whether every trial was made in a separate process.
  boolean isComplete() {
    return isComplete;
  }

  /// Tries a kernel in this process, for programs without a `java` to start: kernels that may
  /// damage memory count as wrong.
  private static String here(Kernel kernel, IOException reason) {
    if (kernel.mayDamageMemory()) {
      return "not tried, because no process could be started: " + reason.getMessage();
    }
    try {
      NativeLibraries.loadForTrials();
      String fault = new KernelTrials().fault(kernel);
      return fault == null ? "" : fault;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Attempt attempt(List<Kernel> kernels) throws IOException {
    Path written = Files.createTempFile(cache, ".kernels", ".txt");
    Path said = written.resolveSibling(written.getFileName() + ".said");
    Path crash = written.resolveSibling(written.getFileName() + ".crash");
    try {
      String end = end(start(kernels, written, said, crash));
      var results = new LinkedHashMap<Kernel, String>();
      for (String line : Files.readAllLines(written)) {
        int colon = line.indexOf(": ");
        if (colon > 0) {
          results.put(Kernel.valueOf(line.substring(0, colon)), line.substring(colon + 2));
        }
      }
      return new Attempt(results, end + lastWords(said));
    } finally {
      Files.deleteIfExists(written);
      Files.deleteIfExists(said);
      Files.deleteIfExists(crash);
    }
  }

  private Process start(List<Kernel> kernels, Path written, Path said, Path crash)
      throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                java.toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + crash,
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dorg.bytedeco.javacpp.cachedir=" + Loader.getCacheDir(),
                "-Dorg.bytedeco.javacpp.maxBytes=0",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                classPath(),
                KernelProcess.class.getName(),
                written.toString()));
    kernels.forEach(kernel -> command.add(kernel.name()));
    var builder = new ProcessBuilder(command).directory(cache.toFile());
    // glibc fills new and freed memory with garbage, so that memory which should not be read does
    // not look like zeros.
    builder.environment().putIfAbsent("MALLOC_PERTURB_", "165");
    return builder
        .redirectErrorStream(true)
        .redirectOutput(said.toFile())
        .redirectInput(ProcessBuilder.Redirect.from(emptyInput()))
        .start();
  }

  private static java.io.File emptyInput() {
    return Path.of(System.getProperty("os.name").startsWith("Windows") ? "NUL" : "/dev/null")
        .toFile();
  }

  /// Returns the program that runs this process.
  static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  private static String end(Process process) {
    try {
      if (process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
        return "its process ended with code %d".formatted(process.exitValue());
      }
      return "its process did not end within %d s".formatted(MOST_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NativeLibraryException("The self-test of libtorch was interrupted.", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /// Returns the last line that the process printed before it died.
  private static String lastWords(Path said) throws IOException {
    try (Stream<String> lines = Files.lines(said, StandardCharsets.ISO_8859_1)) {
      return lines
          .filter(line -> !line.isBlank())
          .reduce((_, last) -> last)
          .map(line -> " (%s)".formatted(line.strip()))
          .orElse("");
    }
  }

  /// Returns the jars and folders that the trials need, from this process.
  private static String classPath() {
    Set<String> entries = new LinkedHashSet<>();
    for (Class<?> type :
        List.of(
            KernelProcess.class,
            falcon.model.Tensor.class,
            org.jspecify.annotations.NullMarked.class,
            Loader.class,
            org.bytedeco.openblas.presets.openblas_nolapack.class,
            org.bytedeco.pytorch.presets.torch.class)) {
      String place = place(type);
      if (place == null) { // Loaded in another way: use the class path of this Java.
        return System.getProperty("java.class.path");
      }
      entries.add(place);
    }
    entries.addAll(NativeLibraries.resourceJars());
    return String.join(System.getProperty("path.separator"), entries);
  }

  private static @Nullable String place(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    try {
      return source == null || !"file".equals(source.getLocation().getProtocol())
          ? null
          : Path.of(source.getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      return null;
    }
  }
}
