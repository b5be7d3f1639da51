package falcon.prune.storage;

import java.time.Duration;
import java.util.function.LongSupplier;

/// Says when it is worth while to keep what was computed: the state of a refinement every minute or
/// tenth of the steps, whichever comes first, but neither within a second of the last time nor so
/// often that keeping takes more than a twentieth of the time.
public final class CheckpointSchedule {
  /// Work that is rather done again than kept.
  private static final long LEAST_NANOS = Duration.ofSeconds(1).toNanos();

  /// Work that is not done again in any case.
  private static final long MOST_NANOS = Duration.ofMinutes(1).toNanos();

  /// Shares of a refinement that are not done again.
  private static final int SHARES = 10;

  /// Times the duration of keeping that must lie between two times.
  private static final int WORK_PER_KEEPING = 20;

  private final LongSupplier nanoTime;
  private long begin;
  private int doneAtBegin;
  private long keepingNanos;

  /// @param nanoTime nanoseconds since any fixed point
  public CheckpointSchedule(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.begin = nanoTime.getAsLong();
  }

  /// Work begins now.
  ///
  /// @param done steps before it
  public void begin(int done) {
    begin = nanoTime.getAsLong();
    doneAtBegin = done;
  }

  /// Whether the work since it began is worth keeping.
  public boolean isWorthKeeping() {
    return sinceBegin() >= LEAST_NANOS;
  }

  /// Whether the state of a refinement is to be kept now.
  public boolean isDue(int done, int steps) {
    long since = sinceBegin();
    return since >= Math.max(LEAST_NANOS, WORK_PER_KEEPING * keepingNanos)
        && (since >= MOST_NANOS || done - doneAtBegin >= Math.ceilDiv(steps, SHARES));
  }

  /// Keeps the state behind a step; how long that takes decides when it is done next.
  public void keep(int done, Runnable keeping) {
    long start = nanoTime.getAsLong();
    keeping.run();
    begin(done);
    keepingNanos = begin - start;
  }

  private long sinceBegin() {
    return nanoTime.getAsLong() - begin;
  }
}
