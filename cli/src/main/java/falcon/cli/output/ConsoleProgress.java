package falcon.cli.output;

import falcon.prune.options.Progress;
import falcon.prune.report.Summary;
import java.time.Duration;
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

  /// Returns a line with phase, done of total, rate and time left.
  private String line() {
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
