package falcon.torch.execution;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
class ForwardPassTest {
  @Test
  void outputsAreTheSameForAnyNumberOfThreads() {
    Network network = Graph.residual(1);
    SampleBatch batch = new NoiseSamples(List.of(3L, 6L, 5L), 7, 3, 2).batch(0, 7);
    float[] alone = run(network, batch, 1);
    assertThat(alone).hasSize(21).containsExactly(run(network, batch, 3));
  }

  private static float[] run(Network network, SampleBatch batch, int threads) {
    try (var workers = new Workers(threads);
        var pass = new ForwardPass(network, workers, 3)) {
      return pass.run(batch);
    }
  }
}
