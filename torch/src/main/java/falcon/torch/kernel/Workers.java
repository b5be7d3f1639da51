package falcon.torch.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.global.torch;

/// Threads for work that is divided by data: each task runs on one thread, libtorch's own pools
/// stay off.
///
/// Since tasks do not know the number of threads and results are returned in task order, results do
/// not depend on the number of threads.
///
/// Not final: a subclass may do chunks of samples in other processes besides
/// (`falcon.torch.execution.ChunkMapper`).
public class Workers implements AutoCloseable {
  private final int threads;
  private final ExecutorService executor;

  /// Starts the threads and loads libtorch if that has not happened yet.
  ///
  /// @param threads number of threads, one or more
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

  /// Returns the number of threads.
  public int threads() {
    return threads;
  }

  /// Returns whether the operating system refused a thread, which Java reports as a lack of memory.
  public static boolean isRefusedThread(OutOfMemoryError failure) {
    String message = failure.getMessage();
    return message != null && message.contains("unable to create native thread");
  }

  /// Returns the computations of libtorch that are wrong on this machine, by name: the fault and
  /// the substitute; empty where all are right. A self-test finds them, once per machine and
  /// version.
  public Map<String, String> replacedKernels() {
    return NativeLibraries.kernels().replacements();
  }

  /// Returns the threads themselves, for work without libtorch; closed with this object.
  public ExecutorService executor() {
    return executor;
  }

  /// Runs `task` for 0 to `tasks` − 1, several at a time. It returns only when none is running any
  /// more, so that the caller may release their inputs.
  ///
  /// @return the results in task order
  /// @throws RuntimeException the failure of the first task (by number) that failed; later ones may
  ///     not have been started
  /// @throws IllegalStateException if the calling thread is interrupted
  public <T> List<T> map(int tasks, IntFunction<T> task) {
    var last = new AtomicInteger(tasks);
    var futures = new ArrayList<Future<T>>(tasks);
    for (int i = 0; i < tasks; i++) {
      int index = i;
      futures.add(executor.submit(() -> upTo(last, task, index)));
    }
    var results = new ArrayList<T>(tasks);
    Throwable failure = null;
    boolean isInterrupted = false;
    for (int i = 0; i < tasks; ) {
      try {
        results.add(futures.get(i).get());
        i++;
      } catch (ExecutionException e) {
        failure = failure == null ? e.getCause() : failure;
        i++;
      } catch (InterruptedException e) {
        last.set(-1);
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a worker");
    }
    return switch (failure) {
      case null -> results;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    };
  }

  /// @param last number of the last task that is still needed: none after a failed one
  private static <T> T upTo(AtomicInteger last, IntFunction<T> task, int index) {
    if (index > last.get()) {
      throw new CancellationException("task %d is not needed any more".formatted(index));
    }
    try {
      return task.apply(index);
    } catch (RuntimeException | Error e) {
      last.accumulateAndGet(index, Math::min);
      throw e;
    }
  }

  @Override
  public void close() {
    executor.shutdown();
  }
}
