package falcon.torch.execution;

import falcon.torch.kernel.Workers;
import java.util.List;

/// Who maps chunks of samples: the threads of this process, or, where the workers of a run are a
/// `ChunkMapper` themselves, processes elsewhere. Results come in the order of tasks and are joined
/// by the caller in that order, so that neither who computes nor how many changes a bit.
///
/// ADR 25 says why this is the one place where a run leaves its process.
public interface ChunkMapper {
  /// Does all tasks of a job.
  ///
  /// @return the results in task order
  /// @throws RuntimeException the failure of the first task (by number) that failed
  <R> List<R> map(ChunkJob job, ChunkWork<R> work);

  /// Returns who maps chunks in a run with these workers.
  static ChunkMapper of(Workers workers) {
    return workers instanceof ChunkMapper mapper ? mapper : new Threads(workers);
  }

  /// Returns whether chunks are mapped in other processes, so that results come as arrays and cost
  /// what is sent of them.
  static boolean isElsewhere(Workers workers) {
    return workers instanceof ChunkMapper;
  }

  /// The threads of this process.
  ///
  /// @param workers the threads
  record Threads(Workers workers) implements ChunkMapper {
    @Override
    public <R> List<R> map(ChunkJob job, ChunkWork<R> work) {
      return workers.map(job.tasks(), task -> work.of(job.task(task)));
    }
  }
}
