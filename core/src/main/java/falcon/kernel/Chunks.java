package falcon.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/// Runs numbered pieces of work on an executor.
///
/// The work of a piece depends on its number, never on the thread that runs it: as long as each
/// chunk writes only what belongs to it, results have the same bits for any number of threads, and
/// sums over chunks are taken afterwards in chunk order by the caller.
///
/// The caller waits and does not work: how many threads work is up to the executor alone, and an
/// interruption ends the run after the chunks that are under way.
public final class Chunks {
  private Chunks() {}

  /// One chunk of work.
  ///
  /// @param <W> scratch memory that one worker reuses from chunk to chunk
  @FunctionalInterface
  public interface Body<W> {
    /// Runs chunk number `chunk`. The workspace holds whatever an earlier chunk left there.
    void run(int chunk, W workspace);
  }

  /// Runs chunks 0 … count − 1 and returns when all are done.
  ///
  /// Must not be called from a task of the same bounded executor, which could wait for itself.
  ///
  /// @throws CancellationException if this thread is interrupted while it waits; the interrupt flag
  ///     stays set and chunks that have not begun are left out
  /// @throws RuntimeException or Error what the first failing worker threw; other workers stop
  ///     after their present chunk
  public static void run(ExecutorService executor, int count, IntConsumer body) {
    run(executor, count, () -> body, (chunk, consumer) -> consumer.accept(chunk));
  }

  /// Runs chunks 0 … count − 1 with one workspace per worker, otherwise like
  /// [#run(ExecutorService, int, IntConsumer)].
  ///
  /// @param workspaces makes one workspace for each worker, at most one per processor
  public static <W> void run(
      ExecutorService executor, int count, Supplier<W> workspaces, Body<W> body) {
    AtomicInteger next = new AtomicInteger();
    Runnable worker =
        () -> {
          int chunk = next.getAndIncrement();
          if (chunk >= count) {
            return;
          }
          W workspace = workspaces.get();
          try {
            for (; chunk < count; chunk = next.getAndIncrement()) {
              body.run(chunk, workspace);
            }
          } finally {
            if (chunk < count) {
              next.set(count);
            }
          }
        };
    int workers = Math.min(count, Runtime.getRuntime().availableProcessors());
    List<Future<?>> running = new ArrayList<>(workers);
    for (int i = 0; i < workers; i++) {
      running.add(executor.submit(worker));
    }
    join(running, next, count);
  }

  private static void join(List<Future<?>> running, AtomicInteger next, int count) {
    Throwable failure = null;
    boolean interrupted = false;
    for (Future<?> worker : running) {
      while (true) {
        try {
          worker.get();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
          next.set(count);
        } catch (ExecutionException e) {
          if (failure == null) {
            failure = e.getCause();
          }
          break;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while waiting for its workers");
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }
}
