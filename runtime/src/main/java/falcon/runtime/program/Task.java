package falcon.runtime.program;

import falcon.runtime.operator.Step;
import falcon.runtime.operator.Workspace;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A step whose parts several threads take in turn.
///
/// Whoever claims a part computes it, also a thread that comes late, when the step has been begun
/// again: a claim is counted by the run that it was made in, so that nobody has to wait for
/// threads that claimed nothing.
final class Task {
  private final Step step;
  private final int parts;
  private final AtomicInteger next;
  private final AtomicInteger finished = new AtomicInteger();
  private volatile @Nullable Throwable failure;

  Task(Step step) {
    this.step = step;
    this.parts = step.parts();
    this.next = new AtomicInteger(parts);
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
  void begin() {
    failure = null;
    finished.set(0);
    next.set(0); // publishes what was written before to whoever claims
  }

  /// Claims and computes parts until none is left. After a failure the parts that are left are
  /// claimed, but not computed.
  void takeParts(Workspace workspace) {
    while (next.get() < parts) {
      int part = next.getAndIncrement();
      if (part >= parts) {
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
