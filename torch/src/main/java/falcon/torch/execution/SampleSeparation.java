package falcon.torch.execution;

import falcon.model.Network;
import falcon.model.UnusableNodeException;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/// Whether a network computes each sample by itself, whatever the others of its batch are. It does
/// where the axis that was taken for that of samples is the right one, and mixes samples where it
/// is one of time, for instance.
public final class SampleSeparation {
  /// Number of samples that are run together.
  private static final int TOGETHER = 4;

  /// Greatest difference between an output in a batch and alone, as a share of the differences
  /// between samples: rounding depends on the batch.
  private static final double OF_SPREAD = 1e-2;

  /// Greatest difference as a share of the greatest output.
  private static final double OF_GREATEST = 1e-5;

  private SampleSeparation() {}

  /// Runs a few samples together and one by one, and compares the outputs.
  ///
  /// @param network takes any number of samples
  /// @param samples their first ones are run
  /// @return whether the outputs are the same but for rounding; false if the network cannot be run
  ///     so
  public static boolean holds(Network network, SampleSource samples) {
    int count = Math.min(TOGETHER, samples.size());
    if (count < 2) {
      return true;
    }
    try (var workers = new Workers(1)) {
      return workers.map(1, _ -> holds(network, samples, count)).getFirst();
    } catch (UnsupportedNetworkException | UnusableNodeException _) {
      return false;
    }
  }

  private static boolean holds(Network network, SampleSource samples, int count) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      float[] together = outputs(loaded, samples, 0, count);
      List<float[]> alone = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        alone.add(outputs(loaded, samples, i, i + 1));
      }
      return isSame(together, alone);
    }
  }

  private static float[] outputs(LoadedNetwork loaded, SampleSource samples, int from, int to) {
    try (var _ = new PointerScope();
        var execution = loaded.start(samples.batch(from, to))) {
      return Torch.floats(execution.runToEnd().to(torch.ScalarType.Float));
    }
  }

  private static boolean isSame(float[] together, List<float[]> alone) {
    int each = alone.getFirst().length;
    if (together.length != each * alone.size()) {
      return false;
    }
    double greatest = 0;
    double spread = 0;
    double difference = 0;
    for (int i = 0; i < alone.size(); i++) {
      float[] expected = alone.get(i);
      for (int j = 0; j < each; j++) {
        greatest = Math.max(greatest, Math.abs(expected[j]));
        spread = Math.max(spread, Math.abs(expected[j] - alone.getFirst()[j]));
        difference = Math.max(difference, Math.abs(expected[j] - together[i * each + j]));
      }
    }
    return !(difference > OF_SPREAD * spread + OF_GREATEST * greatest);
  }
}
