package falcon.prune;

import falcon.torch.kernel.Workers;

/// Where chunks of samples are computed: by the threads of this process, or elsewhere. No method,
/// budget or operator knows which, and it changes no bit of a result.
@FunctionalInterface
public interface WorkPlace {
  /// The threads of this process.
  WorkPlace THREADS = Workers::new;

  /// Begins the work of one run.
  ///
  /// @param threads number of threads of this process
  /// @return the workers, closed by the run; those that are a
  ///     `falcon.torch.execution.ChunkMapper` have chunks computed elsewhere
  Workers open(int threads);
}
