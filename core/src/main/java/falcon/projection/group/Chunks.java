package falcon.projection.group;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Runs a loop over fixed chunks of the weights on several threads.
///
/// The chunks depend on the data alone. The calling thread works too, so that the loop ends even if
/// the executor never starts a task, and a short loop does not wait for another thread to wake.
/// Workers are numbered, and scratch memory is kept by worker number from one projection to the
/// next.
///
/// This differs from [falcon.kernel.Chunks], which is for long pieces of work: there the caller
/// only waits and can be interrupted, and all work is done by the executor's threads.
public final class Chunks {
  /// Number of weights in a chunk: a multiple of 64, so that no two chunks share a word of the
  /// mask, and small enough for a chunk to stay in a core's second cache.
  public static final int SIZE = 1 << 16;

  /// The work on one chunk.
  public interface Body {
    /// Processes one chunk.
    ///
    /// @param chunk number of the chunk; it starts at weight `chunk · SIZE`
    /// @param worker 0 … threads − 1; no two calls run under the same number at the same time
    void run(int chunk, int worker);
  }

  private final @Nullable Executor executor;
  private final int threads;

  /// Creates loops for a number of threads.
  ///
  /// @param executor runs up to `threads − 1` tasks per loop; null to use the calling thread alone
  /// @param threads number of threads that work at the same time, the calling one included; 1 or
  ///     more
  public Chunks(@Nullable Executor executor, int threads) {
    this.executor = executor;
    this.threads = threads;
  }

  /// Returns the number of threads that work at the same time, the calling one included.
  public int threads() {
    return threads;
  }

  /// Returns the number of chunks of `weightCount` weights.
  public static int countOf(int weightCount) {
    return (int) (((long) weightCount + SIZE - 1) / SIZE);
  }

  /// Runs `body` on the chunks 0 … count − 1 in any order, and returns when all are done.
  public void forEach(int count, Body body) {
    int workers = Math.min(threads, count);
    if (executor == null || workers < 2) {
      for (int chunk = 0; chunk < count; chunk++) {
        body.run(chunk, 0);
      }
      return;
    }
    Loop loop = new Loop(count, body);
    for (int worker = 1; worker < workers; worker++) {
      int number = worker;
      executor.execute(() -> loop.work(number));
    }
    loop.work(0);
    loop.await();
  }

  /// One loop; a task that starts after the last chunk was taken ends at once.
  private static final class Loop {
    private final int count;
    private final Body body;
    private final AtomicInteger next = new AtomicInteger();
    private final CountDownLatch done;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Loop(int count, Body body) {
      this.count = count;
      this.body = body;
      this.done = new CountDownLatch(count);
    }

    void work(int worker) {
      for (int chunk = next.getAndIncrement(); chunk < count; chunk = next.getAndIncrement()) {
        try {
          body.run(chunk, worker);
        } catch (RuntimeException | Error e) {
          failure.compareAndSet(null, e);
        } finally {
          done.countDown();
        }
      }
    }

    void await() {
      boolean interrupted = false;
      while (true) {
        try {
          done.await();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      switch (failure.get()) {
        case null -> {}
        case Error e -> throw e;
        case RuntimeException e -> throw e;
        case Throwable e -> throw new IllegalStateException(e);
      }
    }
  }
}
