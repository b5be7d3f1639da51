package falcon.runtime.program;

import falcon.runtime.operator.Step;
import falcon.runtime.operator.Workspace;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The threads of a runtime: the calling thread and helpers, which take the parts of a step in
/// turn.
///
/// Which thread computes a part does not matter for its bits. With one thread there are no helpers.
/// One caller at a time; nothing is allocated on the heap while steps run.
public final class Workers implements AutoCloseable {
  /// Rounds that a helper looks for work before it sleeps: some 20 µs.
  private static final int ROUNDS = 2000;

  private final Thread[] helpers;
  private final Workspace workspace = new Workspace();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private final AtomicInteger turn = new AtomicInteger();
  private volatile boolean isClosed;
  private volatile @Nullable Throwable failure;
  private volatile @Nullable Thread caller;
  private @Nullable Step step;
  private int parts;

  /// @param threads 1 or more, the calling one included
  public Workers(int threads) {
    helpers = new Thread[threads - 1];
    for (int i = 0; i < helpers.length; i++) {
      helpers[i] =
          Thread.ofPlatform().daemon().name("falcon-runtime-" + (i + 1)).unstarted(this::help);
    }
    for (Thread helper : helpers) {
      helper.start();
    }
  }

  /// Runs all parts of a step.
  void run(Step work) {
    int count = work.parts();
    if (count == 1 || helpers.length == 0) {
      for (int part = 0; part < count; part++) {
        work.run(part, workspace);
      }
      return;
    }
    step = work;
    parts = count;
    next.set(0);
    finished.set(0);
    failure = null;
    caller = Thread.currentThread();
    turn.incrementAndGet(); // publishes the fields above
    for (Thread helper : helpers) {
      LockSupport.unpark(helper);
    }
    takeParts(work, count, workspace);
    int rounds = 0;
    while (finished.get() < helpers.length) {
      if (++rounds < ROUNDS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, 50_000);
      }
    }
    step = null;
    Throwable thrown = failure;
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
  }

  private void takeParts(Step work, int count, Workspace own) {
    try {
      for (int part = next.getAndIncrement(); part < count; part = next.getAndIncrement()) {
        work.run(part, own);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
      next.set(count);
    }
  }

  private void help() {
    var own = new Workspace();
    int seen = 0;
    int rounds = 0;
    while (!isClosed) {
      if (turn.get() == seen) {
        if (++rounds < ROUNDS) {
          Thread.onSpinWait();
        } else {
          LockSupport.park(this);
        }
        continue;
      }
      rounds = 0;
      seen = turn.get();
      Step work = step;
      if (work != null) {
        takeParts(work, parts, own);
      }
      finished.incrementAndGet();
      LockSupport.unpark(caller);
    }
  }

  @Override
  public void close() {
    isClosed = true;
    for (Thread helper : helpers) {
      LockSupport.unpark(helper);
    }
    boolean isInterrupted = false;
    for (Thread helper : helpers) {
      while (helper.isAlive()) {
        try {
          helper.join();
        } catch (InterruptedException _) {
          isInterrupted = true;
        }
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
