package falcon.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.global.torch;

/// Threads for work that is cut by data: each task runs on one thread, libtorch's own pools stay off.
///
/// Because a task never knows how many threads there are and results come back in task order, what is
/// computed does not depend on the number of threads.
public final class Workers implements AutoCloseable {
  private final int threads;
  private final ExecutorService executor;

  /// Loads libtorch if that has not happened yet.
  ///
  /// @param threads how many, one or more
  /// @throws NativeLibraryException if libtorch cannot be loaded
  public Workers(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be 1 or more, got " + threads);
    }
    NativeLibraries.ensureLoaded();
    this.threads = threads;
    var number = new AtomicInteger();
    this.executor =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              var thread =
                  new Thread(
                      () -> {
                        torch.set_num_threads(1);
                        task.run();
                      },
                      "falcon-worker-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  public int threads() {
    return threads;
  }

  /// @return the threads themselves, for work without libtorch; closed with this
  public ExecutorService executor() {
    return executor;
  }

  /// Runs `task` for 0 to `tasks` − 1, several at a time.
  ///
  /// @return the results in task order
  /// @throws RuntimeException the failure of the first task (by number) that failed; the others are
  ///     waited for
  public <T> List<T> map(int tasks, IntFunction<T> task) {
    var futures = new ArrayList<Future<T>>(tasks);
    for (int i = 0; i < tasks; i++) {
      int index = i;
      futures.add(executor.submit(() -> task.apply(index)));
    }
    var results = new ArrayList<T>(tasks);
    Throwable failure = null;
    for (Future<T> future : futures) {
      try {
        results.add(future.get());
      } catch (ExecutionException e) {
        failure = failure == null ? e.getCause() : failure;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        futures.forEach(f -> f.cancel(false));
        throw new IllegalStateException("interrupted while waiting for a worker", e);
      }
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
    return results;
  }

  @Override
  public void close() {
    executor.shutdown();
  }
}
