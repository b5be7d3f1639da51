package falcon.runtime.program;

import falcon.runtime.operator.Step;
import falcon.runtime.operator.Workspace;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/// A step whose parts several threads take in turn.
///
/// Each thread has a range of neighbouring parts of its own, the same in every step, so that what
/// it has written is still in its caches when it reads it; a thread that is done takes from the
/// ranges of others.
///
/// Whoever claims a part computes it, also a thread that comes late, when the step has been begun
/// again: a claim is counted by the run that it was made in, so that nobody has to wait for threads
/// that claimed nothing.
final class Task {
  private final Step step;
  private final int parts;

  /// The next part of each range; one range a thread.
  private AtomicIntegerArray next = new AtomicIntegerArray(0);

  private final AtomicInteger finished = new AtomicInteger();
  private volatile @Nullable Throwable failure;

  Task(Step step) {
    this.step = step;
    this.parts = step.parts();
  }

  /// Returns the number of parts.
  int parts() {
    return parts;
  }

  /// Computes all parts on the calling thread.
  void runAlone(Workspace workspace) {
    for (int part = 0; part < parts; part++) {
      step.run(part, workspace);
    }
  }

  /// Lets the parts be claimed; only after a run before is finished.
  ///
  /// @param threads number of threads, the same for every run
  void begin(int threads) {
    failure = null;
    finished.set(0);
    if (next.length() != threads) {
      next = new AtomicIntegerArray(threads);
      for (int range = 0; range < threads; range++) {
        next.set(range, parts);
      }
    }
    for (int range = 0; range < threads; range++) {
      next.set(range, first(range)); // publishes what was written before to whoever claims
    }
  }

  private int first(int range) {
    return (int) ((long) parts * range / next.length());
  }

  /// Claims and computes parts until none is left. After a failure the parts that are left are
  /// claimed, but not computed.
  ///
  /// @param thread number of the calling thread, from 0
  void takeParts(int thread, Workspace workspace) {
    int threads = next.length();
    for (int i = 0; i < threads; i++) {
      int range = (thread + i) % threads;
      takeRange(range, first(range + 1), workspace);
    }
  }

  private void takeRange(int range, int end, Workspace workspace) {
    while (next.get(range) < end) {
      int part = next.getAndIncrement(range);
      if (part >= end) {
        return;
      }
      try {
        if (failure == null) {
          step.run(part, workspace);
        }
      } catch (RuntimeException | Error e) {
        failure = e;
      } finally {
        finished.incrementAndGet();
      }
    }
  }

  boolean isFinished() {
    return finished.get() == parts;
  }

  /// Throws what a part has thrown.
  void requireSuccess() {
    Throwable thrown = failure;
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
  }
}
