package falcon.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;

/// All samples on their way through a network together, node by node: the network is evaluated once,
/// however often the pass stops on the way.
///
/// Memory: what is live between two nodes, for all samples.
final class StreamedPass implements AutoCloseable {
  /// What is done with each chunk where the pass stops.
  interface Stop<T> {
    /// @param execution stands before the node; its values are live
    T visit(GraphExecution execution, int chunk);
  }

  private final Workers workers;
  private final List<GraphExecution> executions = new ArrayList<>();

  StreamedPass(LoadedNetwork network, SampleSource samples, Workers workers) {
    this.workers = workers;
    var chunks = network.chunks(samples);
    executions.addAll(
        workers.map(chunks.count(), chunk -> network.start(chunks.batch(samples, chunk))));
  }

  int chunks() {
    return executions.size();
  }

  GraphExecution execution(int chunk) {
    return executions.get(chunk);
  }

  /// Runs every chunk up to before a node and visits it there.
  ///
  /// @return what the visits gave, in chunk order
  <T> List<T> advance(int node, Stop<T> stop) {
    return workers.map(
        executions.size(),
        chunk -> {
          try (var _ = new PointerScope()) {
            GraphExecution execution = executions.get(chunk);
            execution.runTo(node);
            return stop.visit(execution, chunk);
          }
        });
  }

  @Override
  public void close() {
    executions.forEach(GraphExecution::close);
    executions.clear();
  }
}
