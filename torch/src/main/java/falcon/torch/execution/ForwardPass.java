package falcon.torch.execution;

import falcon.model.Network;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;

/// A network that is loaded once and run often, float32, in eval mode; closed by its owner.
///
/// A batch is divided into parts of fixed size, each on one thread: the results have the same bits
/// for any number of threads.
public final class ForwardPass implements AutoCloseable {
  private final LoadedNetwork loaded;
  private final Workers workers;
  private final int partSize;

  /// @param workers workers that run the parts; not closed by this
  /// @param partSize number of samples that one thread runs together, one or more
  /// @throws UnsupportedNetworkException if the network cannot be executed
  public ForwardPass(Network network, Workers workers, int partSize) {
    this.loaded = new LoadedNetwork(network, Precision.FLOAT32);
    this.workers = workers;
    this.partSize = partSize;
  }

  /// @return the network's first output, row-major, sample after sample
  public float[] run(SampleBatch batch) {
    int parts = Math.ceilDiv(batch.size(), partSize);
    int each = batch.values().length / Math.max(1, batch.size());
    var outputs =
        workers.map(
            parts,
            part -> {
              int from = part * partSize;
              int to = Math.min(batch.size(), from + partSize);
              float[] values = Arrays.copyOfRange(batch.values(), from * each, to * each);
              int[] labels = Arrays.copyOfRange(batch.labels(), from, to);
              try (var _ = new PointerScope();
                  var execution =
                      loaded.start(new SampleBatch(batch.sampleShape(), values, labels))) {
                return Torch.floats(execution.runToEnd());
              }
            });
    int total = outputs.stream().mapToInt(output -> output.length).sum();
    var joined = new float[total];
    int offset = 0;
    for (float[] output : outputs) {
      System.arraycopy(output, 0, joined, offset, output.length);
      offset += output.length;
    }
    return joined;
  }

  @Override
  public void close() {
    loaded.close();
  }
}
