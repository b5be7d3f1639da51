package falcon.torch.execution;

import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.javacpp.PointerScope;

/// Executes a network on many samples together, node by node: the network is evaluated once,
/// however often the pass pauses.
///
/// Memory: the values that are live between two nodes, for all samples of the pass. [#fitting]
/// returns the number of samples for a limit of bytes.
public final class StreamedPass implements AutoCloseable {
  /// The number of samples whose memory is measured.
  private static final int MEASURED = 2;

  private final Workers workers;
  private final SampleChunks chunks;
  private final List<GraphExecution> executions = new ArrayList<>();

  /// Starts a pass over a range of samples.
  ///
  /// @param from the first, inclusive
  /// @param to the last, exclusive
  public StreamedPass(
      LoadedNetwork network, SampleSource samples, int from, int to, Workers workers) {
    this.workers = workers;
    this.chunks = network.chunks(to - from, SampleChunks.DEFAULT_SIZE);
    executions.addAll(
        workers.map(
            chunks.count(),
            chunk ->
                network.start(samples.batch(from + chunks.from(chunk), from + chunks.to(chunk)))));
  }

  /// Returns the number of samples that a pass may take: as many whole chunks as have live values
  /// within the limit, but at least one.
  ///
  /// The values are measured, on two samples, so that the shapes in a network need not be known.
  ///
  /// @param bytes limit of all passes together
  /// @param passes number of passes that run side by side
  /// @return no more than there are samples
  public static int fitting(LoadedNetwork network, SampleSource samples, long bytes, int passes) {
    int measured = network.batchSize(Math.min(MEASURED, samples.size()));
    long most = 1;
    try (var _ = new PointerScope();
        var execution = network.start(samples.batch(0, Math.min(measured, samples.size())))) {
      for (int node = 0; node <= network.program().nodes().size(); node++) {
        execution.runTo(node);
        most = Math.max(most, execution.liveBytes());
      }
    }
    long fitting = bytes / passes * measured / most;
    int size = network.batchSize(SampleChunks.DEFAULT_SIZE);
    return (int) Math.min(samples.size(), Math.max(1, fitting / size) * size);
  }

  public int chunks() {
    return executions.size();
  }

  /// Returns the number of samples in a chunk, padding included.
  public int samples(int chunk) {
    return chunks.areFull() ? chunks.size() : chunks.length(chunk);
  }

  public GraphExecution execution(int chunk) {
    return executions.get(chunk);
  }

  /// Visits every chunk.
  ///
  /// @return results of the visits, in chunk order
  public <T> List<T> visit(BiFunction<GraphExecution, Integer, T> visit) {
    return workers.map(
        executions.size(),
        chunk -> {
          try (var _ = new PointerScope()) {
            return visit.apply(executions.get(chunk), chunk);
          }
        });
  }

  @Override
  public void close() {
    executions.forEach(GraphExecution::close);
    executions.clear();
  }
}
