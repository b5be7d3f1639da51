package falcon.prune.evaluation;

import falcon.model.Network;
import falcon.prune.options.Measure;
import falcon.torch.execution.SampleLosses;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Judges networks on some samples by one [Measure].
public final class Judge {
  private final Measure measure;
  private final Network dense;
  private final SampleSource samples;
  private final Workers workers;
  private @Nullable List<Integer> densePredictions;

  /// @param dense the reference of agreement and fidelity
  public Judge(Measure measure, Network dense, SampleSource samples, Workers workers) {
    this.measure = measure;
    this.dense = dense;
    this.samples = samples;
    this.workers = workers;
  }

  /// Returns the samples that networks are judged on.
  public SampleSource samples() {
    return samples;
  }

  /// Returns the losses of a network on the samples.
  public SampleLosses of(Network network) {
    return switch (measure) {
      case ACCURACY -> SampleLosses.wrongLabels(predictions(network), samples);
      case AGREEMENT -> SampleLosses.disagreements(densePredictions(), predictions(network));
      case FIDELITY -> SampleLosses.outputErrors(dense, network, samples, workers);
    };
  }

  private List<Integer> densePredictions() {
    if (densePredictions == null) {
      densePredictions = SampleLosses.predictions(dense, samples, workers);
    }
    return densePredictions;
  }

  private List<Integer> predictions(Network network) {
    boolean isKnown = measure == Measure.AGREEMENT && network == dense;
    return isKnown ? densePredictions() : SampleLosses.predictions(network, samples, workers);
  }
}
