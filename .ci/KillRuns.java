import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Kills runs at random moments with SIGKILL, one to three times each, resumes them with other
/// numbers of threads, and compares what they end with to a run that nobody killed: network and
/// mask byte by byte, result.json without times, paths, command, versions and machine.
///
/// ```
/// java -cp 'cli/target/lib/*' .ci/KillRuns.java COUNT SEED FOLDER ./falcon prune ...
/// ```
///
/// The command has neither --out nor --threads.
///
/// FOLDER is made and left as it is, so that a difference can be looked at. The same seed draws the
/// same moments, as shares of the time that the unbroken run takes.
final class KillRuns {
  private static final int MOST_KILLS = 3;
  private static final int MOST_THREADS = 3;
  private static final List<String> TIMES_AND_PLACES =
      List.of("command", "versions", "machine", "inputs", "seconds", "peakMemoryBytes");

  private final SplittableRandom random;
  private final Path folder;
  private final List<String> command;
  private final Map<String, Integer> killsByPhase = new TreeMap<>();
  private final Map<String, Integer> goneOnFrom = new TreeMap<>();
  private double wholeSeconds;

  private KillRuns(long seed, Path folder, List<String> command) {
    this.random = new SplittableRandom(seed);
    this.folder = folder;
    this.command = command;
  }

  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[0]);
    var runs =
        new KillRuns(Long.parseLong(args[1]), Path.of(args[2]), List.of(args).subList(3, args.length));
    runs.all(count);
  }

  private void all(int count) throws Exception {
    Files.createDirectories(folder);
    Path whole = folder.resolve("whole");
    long begin = System.nanoTime();
    requireDone(run(whole, 2, false, Double.POSITIVE_INFINITY), whole);
    wholeSeconds = (System.nanoTime() - begin) / 1e9;
    System.out.printf("unbroken: %.1f s%n", wholeSeconds);
    for (int trial = 1; trial <= count; trial++) {
      Path broken = folder.resolve("broken");
      remove(broken);
      List<String> kills = killed(broken);
      requireDone(run(broken, threads(), true, Double.POSITIVE_INFINITY), broken);
      requireSame(whole, broken, trial);
      List<String> from = goneOnFrom(broken);
      from.forEach(place -> goneOnFrom.merge(place, 1, Integer::sum));
      System.out.printf(
          "%d: killed in %s; gone on from %s; the same bytes%n",
          trial,
          kills.isEmpty() ? "nothing, it was over" : String.join(", ", kills),
          from.isEmpty() ? "nothing" : String.join(", ", from));
    }
    System.out.printf("%d runs, kills by phase: %s%n", count, killsByPhase);
    System.out.printf("gone on from: %s%n", goneOnFrom);
  }

  /// Begins a run and kills it, and its resumptions, a few times.
  ///
  /// @return what it was doing each time
  private List<String> killed(Path out) throws Exception {
    var phases = new ArrayList<String>();
    int most = 1 + random.nextInt(MOST_KILLS);
    for (int kill = 0; kill < most; kill++) {
      double seconds = random.nextDouble() * wholeSeconds;
      Integer code = run(out, threads(), kill > 0, seconds);
      if (code != null) {
        requireDone(code, out);
        break; // it was faster
      }
      String phase = phase(out);
      phases.add(phase);
      killsByPhase.merge(phase, 1, Integer::sum);
    }
    return phases;
  }

  private int threads() {
    return 1 + random.nextInt(MOST_THREADS);
  }

  /// @return exit code, null if the process was killed
  private Integer run(Path out, int threads, boolean isResumed, double seconds) throws Exception {
    var words = new ArrayList<>(command);
    words.addAll(List.of("--out", out.toString(), "--threads", Integer.toString(threads)));
    if (isResumed) {
      words.add("--resume");
    }
    Process process =
        new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("said.txt").toFile())
            .start();
    if (Double.isInfinite(seconds)) {
      return process.waitFor();
    }
    if (process.waitFor((long) (seconds * 1e6), TimeUnit.MICROSECONDS)) {
      return process.exitValue();
    }
    process.destroyForcibly().waitFor(); // SIGKILL; ./falcon has become the JVM itself
    return process.exitValue() == 0 ? 0 : null;
  }

  private void requireDone(Integer code, Path out) throws IOException {
    if (code == null || code != 0) {
      fail("%s ended with %s: %s".formatted(out, code, Files.readString(folder.resolve("said.txt"))));
    }
  }

  /// What the log says that was going on.
  private static String phase(Path out) throws IOException {
    if (Files.exists(out.resolve("result.json"))) {
      return "the end";
    }
    String phase = "start";
    for (String line : log(out)) {
      if (line.contains(": begins, ")) {
        phase = line.substring(0, line.indexOf(": begins, "));
      } else if (line.contains(": took ")) {
        phase = "after " + line.substring(0, line.indexOf(": took "));
      } else if (line.startsWith("begun: ") || line.startsWith("resumed: ")) {
        phase = "start";
      }
    }
    return phase;
  }

  /// What the run's processes said that they went on from.
  private static List<String> goneOnFrom(Path out) throws IOException {
    var places = new ArrayList<String>();
    for (String line : log(out)) {
      if (line.startsWith("going on from ")) {
        places.add(line.replaceAll("going on from |step \\d+ of |, kept in .*", ""));
      }
    }
    return places;
  }

  /// Lines without their times.
  private static List<String> log(Path out) throws IOException {
    Path file = out.resolve("log.txt");
    return Files.exists(file)
        ? Files.readAllLines(file).stream().map(line -> line.replaceFirst("^\\S+ ", "")).toList()
        : List.of();
  }

  private static void requireSame(Path whole, Path broken, int trial) throws IOException {
    for (String name : List.of("model.onnx", "mask.safetensors")) {
      if (Files.mismatch(whole.resolve(name), broken.resolve(name)) >= 0) {
        fail("run %d: %s differs from %s".formatted(trial, broken.resolve(name), whole.resolve(name)));
      }
    }
    JsonNode wanted = result(whole);
    JsonNode found = result(broken);
    if (!wanted.equals(found)) {
      fail("run %d: result.json differs:%n%s%n%s".formatted(trial, wanted, found));
    }
    try (Stream<Path> files = Files.walk(broken)) {
      List<Path> remains =
          files.filter(file -> file.toString().matches(".*(\\.begun|\\.tmp\\d+|\\.partial).*")).toList();
      if (!remains.isEmpty()) {
        fail("run %d: left behind: %s".formatted(trial, remains));
      }
    }
  }

  private static JsonNode result(Path out) throws IOException {
    var json = (ObjectNode) new ObjectMapper().readTree(Files.readAllBytes(out.resolve("result.json")));
    json.remove(TIMES_AND_PLACES);
    ((ObjectNode) json.get("options")).remove("threads");
    json.get("stages").forEach(stage -> ((ObjectNode) stage).remove("seconds"));
    return json;
  }

  private static void remove(Path out) throws IOException {
    if (!Files.exists(out)) {
      return;
    }
    try (Stream<Path> files = Files.walk(out)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static void fail(String what) {
    System.err.println(what);
    System.exit(1);
  }
}
