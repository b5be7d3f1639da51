package falcon.prune.storage;

import java.time.Duration;
import java.util.function.LongSupplier;

/// Decides when a result is worth storing: the state of a refinement every minute or tenth of the
/// steps, whichever comes first, but neither within a second of the previous time nor so often that
/// storing takes more than a twentieth of the time.
public final class CheckpointSchedule {
  /// The duration of work up to which repeating it is preferred to storing it.
  private static final long LEAST_NANOS = Duration.ofSeconds(1).toNanos();

  /// The duration of work from which it is stored in any case.
  private static final long MOST_NANOS = Duration.ofMinutes(1).toNanos();

  /// The number of parts of a refinement after each of which its state is stored.
  private static final int SHARES = 10;

  /// The least time between two states, as a multiple of the time that storing one takes.
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

  /// Marks the start of work.
  ///
  /// @param done number of steps before it
  public void begin(int done) {
    begin = nanoTime.getAsLong();
    doneAtBegin = done;
  }

  /// Returns whether the work since its start is worth storing.
  public boolean isWorthKeeping() {
    return sinceBegin() >= LEAST_NANOS;
  }

  /// Returns whether the state of a refinement is to be stored now.
  public boolean isDue(int done, int steps) {
    long since = sinceBegin();
    return since >= Math.max(LEAST_NANOS, WORK_PER_KEEPING * keepingNanos)
        && (since >= MOST_NANOS || done - doneAtBegin >= Math.ceilDiv(steps, SHARES));
  }

  /// Stores the state after a step; its duration determines when the next one is due.
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
