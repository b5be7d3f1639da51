package falcon.torch.kernel;

import falcon.model.UnwritableFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Prepares libtorch, once per process, before any other class of this package uses it.
///
/// JavaCPP on its own extracts and loads one file after the other, so that the dynamic linker can
/// find a missing, foreign or half-written `libtorch_cpu.so`, which ends the process. Here
/// everything is extracted first, under a lock shared with other processes, and only then loaded;
/// afterwards the process must have exactly one `libtorch_cpu.so` in memory, the extracted one.
public final class NativeLibraries {
  private static final List<Class<?>> PRESETS =
      List.of(
          org.bytedeco.javacpp.presets.javacpp.class,
          org.bytedeco.openblas.presets.openblas_nolapack.class,
          org.bytedeco.pytorch.presets.torch.class); // The classes below them have the same names.

  /// The file in which Linux lists the files that a process has mapped.
  private static final Path MAPS = Path.of("/proc/self/maps");

  private static final List<String> RESOURCE_FOLDERS = List.of("javacpp", "openblas", "pytorch");

  /// Property with the ids of kernels that must not be used, separated by commas; see [Kernel#id].
  static final String WRONG_KERNELS = "falcon.kernels.wrong";

  private record Outcome(
      @Nullable KernelVerdict verdict, @Nullable NativeLibraryException failure) {
    static Outcome of(String message, Throwable cause) {
      return new Outcome(null, new NativeLibraryException(message, cause));
    }
  }

  /// Holder idiom: the first use loads, later uses see the same outcome.
  private static final class Loaded {
    static final Outcome OUTCOME = attempt();
  }

  private NativeLibraries() {}

  /// Loads libtorch if necessary and returns when it can be called.
  ///
  /// @throws NativeLibraryException if it cannot be loaded: platform without native libraries, disk
  ///     full, foreign library
  public static void ensureLoaded() {
    kernels();
  }

  /// Returns the self-test's verdict on libtorch's kernels on this machine.
  ///
  /// @throws NativeLibraryException under the conditions of [#ensureLoaded], or if a needed kernel
  ///     is wrong
  public static KernelVerdict kernels() {
    Outcome outcome = Loaded.OUTCOME;
    if (outcome.verdict() == null) {
      NativeLibraryException failure = Objects.requireNonNull(outcome.failure());
      throw new NativeLibraryException(String.valueOf(failure.getMessage()), failure);
    }
    return outcome.verdict();
  }

  private static Outcome attempt() {
    try {
      return new Outcome(load(), null);
    } catch (NativeLibraryException e) {
      return new Outcome(null, e);
    } catch (IOException e) {
      return Outcome.of(
          "The native libraries could not be unpacked: %s%nA folder that can be written, with about 500 MB of free space, is needed: XDG_CACHE_HOME=DIR names it for the launcher, -Dorg.bytedeco.javacpp.cachedir=DIR for Java."
              .formatted(e),
          e);
    } catch (LinkageError e) { // No such library, or a class whose initialiser found none.
      return Outcome.of(
          "libtorch does not load on this machine (%s): %s%nCommands that need no computation still work."
              .formatted(Loader.getPlatform(), e),
          e);
    }
  }

  private static KernelVerdict load() throws IOException {
    Path cache = cacheFolder();
    Files.createDirectories(cache);
    try (var channel =
            FileChannel.open(
                cache.resolve(".falcon-extract.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      extractAll(lock.isValid());
      KernelVerdict verdict = verdict(cache);
      loadExtracted(cache);
      return verdict;
    }
  }

  /// Returns the stored verdict, or else a new one from a process that tries the kernels.
  private static KernelVerdict verdict(Path cache) {
    Set<Kernel> declared = declaredWrong(System.getProperty(WRONG_KERNELS, ""));
    var kept = KernelRecord.of(cache, resourceJars(), declared);
    KernelVerdict known = kept.read();
    if (known != null) {
      return known;
    }
    var process = new KernelProcess(cache, KernelProcess.java());
    KernelVerdict fresh = KernelSelection.choose(declared, process);
    fresh.requireUsable(); // Not stored: the fault may be remedied before the next start.
    if (process.isComplete()) {
      try {
        kept.write(fresh);
      } catch (UnwritableFileException e) {
        // The next process determines it again.
      }
    }
    return fresh;
  }

  /// @throws NativeLibraryException if one of them is no kernel
  static Set<Kernel> declaredWrong(String ids) {
    var kernels = EnumSet.noneOf(Kernel.class);
    for (String id : ids.split(",", -1)) {
      if (!id.isBlank()) {
        kernels.add(
            Arrays.stream(Kernel.values())
                .filter(kernel -> kernel.id().equals(id.strip()))
                .findFirst()
                .orElseThrow(() ->
                    new NativeLibraryException(
                        "-D%s names '%s', which is no kernel; there are %s."
                            .formatted(
                                WRONG_KERNELS,
                                id.strip(),
                                Arrays.stream(Kernel.values()).map(Kernel::id).toList()))));
      }
    }
    return kernels;
  }

  /// Returns the folder into which the libraries are unpacked.
  static Path cacheFolder() throws IOException {
    return Loader.getCacheDir().toPath();
  }

  /// Loads the libraries in the process of the self-test, whose parent has extracted everything and
  /// holds the lock.
  static void loadForTrials() throws IOException {
    loadExtracted(cacheFolder());
  }

  private static void loadExtracted(Path cache) throws IOException {
    for (Class<?> preset : PRESETS) {
      Loader.load(preset);
    }
    requireOneLibtorch(cache);
    NativeSettings.apply();
    // Two thread pools slow each other down; parallel work is divided by data above this level.
    openblas_nolapack.blas_set_num_threads(1);
    torch.set_num_threads(1);
  }

  /// Returns the paths of the jars with native libraries for this platform.
  static Set<String> resourceJars() {
    var jars = new LinkedHashSet<String>();
    for (String folder : RESOURCE_FOLDERS) {
      for (URL url : resources(folder)) {
        String place = url.getPath(); // file:/….jar!/org/bytedeco/…
        int end = place.indexOf("!/");
        if (end >= 0) {
          jars.add(Path.of(URI.create(place.substring(0, end))).toString());
        }
      }
    }
    return jars;
  }

  private static URL[] resources(String folder) {
    try {
      return Loader.findResources(
          NativeLibraries.class, "/org/bytedeco/" + folder + "/" + Loader.getPlatform() + "/");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void extractAll(boolean locked) throws IOException {
    if (!locked) {
      throw new IOException("the lock on the extraction folder was lost");
    }
    for (String folder : RESOURCE_FOLDERS) {
      URL[] urls = resources(folder);
      if (urls.length == 0) {
        throw new NativeLibraryException(
            "There are no native libraries of %s for this platform (%s) on the class path."
                .formatted(folder, Loader.getPlatform()));
      }
      for (URL url : urls) {
        Loader.cacheResource(url);
      }
    }
  }

  /// Refuses a second copy of libtorch, for instance of the operating system's package, which would
  /// be mixed with ours symbol by symbol.
  private static void requireOneLibtorch(Path cache) throws IOException {
    if (!Files.isReadable(MAPS)) {
      return;
    }
    List<String> loaded = loadedLibtorch();
    if (loaded.size() != 1 || !Path.of(loaded.getFirst()).startsWith(cache.toRealPath())) {
      throw new NativeLibraryException(
          "Expected one libtorch_cpu under %s but the process has %s.%nUnset LD_LIBRARY_PATH and LD_PRELOAD and start again."
              .formatted(cache, loaded));
    }
  }

  /// Returns the paths of every libtorch_cpu in this process's memory; empty where the system does
  /// not list them.
  static List<String> loadedLibtorch() throws IOException {
    if (!Files.isReadable(MAPS)) {
      return List.of();
    }
    try (var lines = Files.lines(MAPS)) {
      return lines
          .filter(line -> line.contains("/libtorch_cpu"))
          .map(line -> line.substring(line.indexOf('/')))
          .distinct()
          .toList();
    }
  }
}
