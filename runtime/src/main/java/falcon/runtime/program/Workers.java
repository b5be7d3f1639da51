package falcon.runtime.program;

import falcon.runtime.operator.Workspace;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The threads of a runtime: the calling thread and helpers, which share the parts of a step.
///
/// Which thread computes a part does not matter for its bits. With one thread there are no helpers.
/// The caller waits for parts that a helper has claimed, not for helpers that are still waking up.
/// One caller at a time; nothing is allocated on the heap while steps run.
public final class Workers implements AutoCloseable {
  /// Time that a thread looks for work before it sleeps, in nanoseconds: more than the steps of one
  /// thread take in most networks, less than a system gives a thread before others have their turn.
  private static final long SPIN = 100_000;

  private final Thread[] helpers;
  private final AtomicIntegerArray asleep;
  private final Workspace workspace = new Workspace();
  private final AtomicInteger turn = new AtomicInteger();
  private volatile boolean isClosed;
  private volatile @Nullable Task task;

  /// @param threads 1 or more, the calling one included
  public Workers(int threads) {
    helpers = new Thread[threads - 1];
    asleep = new AtomicIntegerArray(helpers.length);
    for (int i = 0; i < helpers.length; i++) {
      int number = i;
      helpers[i] =
          Thread.ofPlatform()
              .daemon()
              .name("falcon-runtime-" + (i + 1))
              .unstarted(() -> help(number));
    }
    for (Thread helper : helpers) {
      helper.start();
    }
  }

  /// Runs all parts of a step.
  void run(Task work) {
    if (work.parts() == 1 || helpers.length == 0) {
      work.runAlone(workspace);
      return;
    }
    work.begin(helpers.length + 1);
    task = work;
    turn.incrementAndGet();
    int wanted = Math.min(helpers.length, work.parts() - 1);
    for (int helper = 0; helper < wanted; helper++) {
      if (asleep.get(helper) != 0) {
        LockSupport.unpark(helpers[helper]);
      }
    }
    work.takeParts(0, workspace);
    long begin = 0;
    while (!work.isFinished()) {
      Thread.onSpinWait();
      long now = System.nanoTime();
      begin = begin == 0 ? now : begin;
      if (now - begin > SPIN) {
        LockSupport.parkNanos(this, SPIN); // the thread that computes may wait for this processor
      }
    }
    work.requireSuccess();
  }

  private void help(int number) {
    var own = new Workspace();
    int seen = 0;
    long begin = System.nanoTime();
    while (!isClosed) {
      if (turn.get() != seen) {
        seen = turn.get();
        Task work = task;
        if (work != null) {
          work.takeParts(number + 1, own);
        }
        begin = System.nanoTime();
      } else if (System.nanoTime() - begin < SPIN) {
        Thread.onSpinWait();
      } else {
        asleep.set(number, 1);
        if (turn.get() == seen && !isClosed) {
          LockSupport.park(this);
        }
        asleep.set(number, 0);
        begin = System.nanoTime();
      }
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
