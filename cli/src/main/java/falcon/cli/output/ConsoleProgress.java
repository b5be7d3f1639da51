package falcon.cli.output;

import falcon.prune.options.Progress;
import falcon.prune.report.Summary;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Shows progress: on a terminal one line that is redrawn, elsewhere a line every few seconds.
///
/// A separate clock triggers the drawing, so that a phase that reports nothing for a while is not
/// silent.
public final class ConsoleProgress implements Progress, AutoCloseable {
  /// The amount of progress that is shown.
  public enum Volume {
    /// Warnings only.
    QUIET,
    /// Warnings, progress and notes.
    NORMAL,
    /// Warnings, progress, notes, and the end of every phase.
    VERBOSE
  }

  private static final Duration REDRAWN_EVERY = Duration.ofMillis(250);
  private static final Duration PLAIN_LINE_EVERY = Duration.ofSeconds(5);

  /// Seconds below which a run was not computed.
  private static final double LEAST_PART_SECONDS = 0.5;

  private static final String CLEAR_LINE = "\r\u001b[K";

  private final Console console;
  private final Volume volume;
  private final LongSupplier nanoTime;
  private final ScheduledExecutorService clock;

  private boolean isRunning;
  private String phase = "";
  private long steps;
  private long done;
  private long doneBefore;
  private long beginNanos;
  private double expectedSeconds;
  private boolean isLineDrawn;

  /// The run among several, in words that begin each line; empty where there is one.
  private String part = "";

  private int partNumber;
  private int partCount;
  private long partNanos;

  /// Seconds of each run that was computed, by its number.
  private final SortedMap<Integer, Double> partSeconds = new TreeMap<>();

  /// Starts to show progress.
  public static ConsoleProgress start(Console console, Volume volume) {
    var progress = new ConsoleProgress(console, volume, System::nanoTime);
    if (volume != Volume.QUIET) {
      Duration period = console.isTerminal() ? REDRAWN_EVERY : PLAIN_LINE_EVERY;
      var _ =
          progress.clock.scheduleAtFixedRate(
              progress::tick, period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    }
    return progress;
  }

  /// Creates a display that draws only on [#tick].
  ///
  /// @param nanoTime nanoseconds since any fixed point
  ConsoleProgress(Console console, Volume volume, LongSupplier nanoTime) {
    this.console = console;
    this.volume = volume;
    this.nanoTime = nanoTime;
    this.clock =
        Executors.newSingleThreadScheduledExecutor(task -> {
          var thread = new Thread(task, "falcon-progress");
          thread.setDaemon(true);
          return thread;
        });
  }

  /// Begins one of several runs, or a part of it: a line says so, and each line of progress names
  /// it and says how long all of them will take once one is done.
  ///
  /// @param name name of the run, a word or two
  /// @param number from 1; the same for the parts of a run
  /// @param count number of all runs
  public synchronized void beginPart(String name, int number, int count) {
    boolean isNext = number != partNumber;
    part = "[%d/%d %s] ".formatted(number, count, name);
    partNumber = number;
    partCount = count;
    partNanos = nanoTime.getAsLong();
    if (isNext) {
      note("run %d of %d: %s%s".formatted(number, count, name, leftForAll()));
    }
  }

  /// Ends the run that has begun; nothing if none has.
  public synchronized void endPart() {
    double seconds = (nanoTime.getAsLong() - partNanos) / 1e9;
    if (!part.isEmpty() && seconds > LEAST_PART_SECONDS) {
      partSeconds.merge(
          partNumber,
          seconds,
          Double::sum); // a run that was finished before says nothing of the others
    }
    part = "";
  }

  @Override
  public synchronized void begin(String name, long count) {
    isRunning = true;
    phase = name;
    steps = count;
    done = 0;
    doneBefore = 0;
    beginNanos = nanoTime.getAsLong();
    expectedSeconds = 0;
  }

  @Override
  public synchronized void expect(double seconds) {
    expectedSeconds = seconds() + seconds;
  }

  @Override
  public synchronized void goOn(long count) {
    done = count;
    doneBefore = count;
  }

  @Override
  public synchronized void advance(long count) {
    done = count;
  }

  @Override
  public synchronized void end() {
    if (volume == Volume.VERBOSE && isRunning) {
      print("%s: done in %s".formatted(phase, Summary.time(seconds())));
    }
    isRunning = false;
    clear();
  }

  @Override
  public synchronized void note(String message) {
    if (volume != Volume.QUIET) {
      print(message);
    }
  }

  @Override
  public synchronized void detail(String message) {
    if (volume == Volume.VERBOSE) {
      print(message);
    }
  }

  @Override
  public synchronized void warn(String message) {
    print("warning: " + message);
  }

  /// Shows the present progress.
  synchronized void tick() {
    if (!isRunning || volume == Volume.QUIET) {
      return;
    }
    if (console.isTerminal()) {
      String line = line();
      int width = Math.max(1, console.columns() - 1);
      console.err().print(CLEAR_LINE + (line.length() > width ? line.substring(0, width) : line));
      console.err().flush();
      isLineDrawn = true;
    } else {
      console.message(line());
    }
  }

  /// Stops the display and removes a drawn line.
  @Override
  public void close() {
    clock.shutdownNow();
    synchronized (this) {
      isRunning = false;
      clear();
    }
  }

  private void print(String message) {
    clear();
    console.message(message);
  }

  private void clear() {
    if (isLineDrawn) {
      console.err().print(CLEAR_LINE);
      console.err().flush();
      isLineDrawn = false;
    }
  }

  /// Returns a line with the run, phase, done of total, rate, and the time left for all runs.
  private String line() {
    return part + phaseLine() + leftForAll();
  }

  /// Returns the time that all runs still take, as far as the ones before tell; the first one,
  /// which measures what all share, counts only if it is alone.
  private String leftForAll() {
    SortedMap<Integer, Double> before = partSeconds.headMap(partNumber);
    if (part.isEmpty() || before.isEmpty()) {
      return "";
    }
    double usual =
        before.values().stream()
            .skip(before.size() > 1 ? 1 : 0)
            .mapToDouble(Double::doubleValue)
            .average()
            .orElseThrow();
    double spent =
        partSeconds.getOrDefault(partNumber, 0.0) + (nanoTime.getAsLong() - partNanos) / 1e9;
    double left = Math.max(0, usual - spent) + (partCount - partNumber) * usual;
    return "; about %s left for all".formatted(Summary.time(left));
  }

  /// Returns phase, done of total, rate and time left.
  private String phaseLine() {
    double seconds = seconds();
    if (steps <= 1 || done == doneBefore) {
      return steps <= 1
          ? "%s: %s".formatted(phase, Summary.time(seconds))
          : "%s: %d of %d, %s%s"
              .formatted(phase, done, steps, Summary.time(seconds), left(seconds));
    }
    double rate = (done - doneBefore) / Math.max(seconds, 1e-9);
    return "%s: %d of %d (%d %%), %s/s, %s left"
        .formatted(
            phase,
            done,
            steps,
            100 * done / steps,
            rate < 10 ? "%.1f".formatted(rate) : "%.0f".formatted(rate),
            Summary.time((steps - done) / rate));
  }

  /// Returns the time left as far as it is expected; empty once the phase takes longer.
  private String left(double seconds) {
    return expectedSeconds > seconds
        ? ", about %s left".formatted(Summary.time(expectedSeconds - seconds))
        : "";
  }

  private double seconds() {
    return (nanoTime.getAsLong() - beginNanos) / 1e9;
  }
}
