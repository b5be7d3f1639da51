package falcon.torch.training;

import falcon.model.Node;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.sample.SampleSource;
import org.bytedeco.javacpp.PointerScope;

/// The memory that a sample takes while gradients are computed.
final class SampleBytes {
  private SampleBytes() {}

  /// Returns the number of bytes of all values of a sample, measured on one.
  static long of(LoadedNetwork network, SampleSource samples) {
    int size = network.batchSize(1);
    try (var _ = new PointerScope();
        var execution = network.start(samples.batch(0, Math.min(size, samples.size())))) {
      for (Node node : network.program().nodes()) {
        node.outputs().stream()
            .filter(output -> network.program().uses(output) > 0)
            .forEach(execution::watch);
      }
      execution.runToEnd();
      return Math.max(1, execution.liveBytes() / size);
    }
  }
}
