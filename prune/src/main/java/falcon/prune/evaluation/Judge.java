package falcon.prune.evaluation;

import falcon.model.Network;
import falcon.prune.options.Measure;
import falcon.torch.execution.BinaryOutput;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.execution.SampleLosses;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Judges networks on some samples by one [Measure].
public final class Judge {
  private final Measure measure;
  private final Network dense;
  private final SampleSource samples;
  private final Workers workers;
  private @Nullable List<Integer> densePredictions;
  private @Nullable BinaryOutput meaning;

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
    if (samples.size() == 0) {
      return SampleLosses.none();
    }
    return switch (measure) {
      case ACCURACY -> SampleLosses.wrongLabels(predictions(network), samples);
      case AGREEMENT -> SampleLosses.disagreements(densePredictions(), predictions(network));
      case FIDELITY -> fidelity(network);
    };
  }

  private SampleLosses fidelity(Network network) {
    SampleLosses errors = SampleLosses.outputErrors(dense, network, samples, workers);
    if (!Double.isFinite(errors.percent())) {
      Evaluation.requireFinite(network, samples, workers);
    }
    return errors;
  }

  private List<Integer> densePredictions() {
    if (densePredictions == null) {
      densePredictions = predicted(dense);
    }
    return densePredictions;
  }

  private List<Integer> predictions(Network network) {
    boolean isKnown = measure == Measure.AGREEMENT && network == dense;
    return isKnown ? densePredictions() : predicted(network);
  }

  /// What one output means is the same for all networks: what it means in the dense one.
  private List<Integer> predicted(Network network) {
    Logits logits = Evaluation.logits(network, samples, workers);
    return SampleLosses.predictions(
        logits.binary() == null ? logits : logits.meaning(meaning(network, logits)));
  }

  private BinaryOutput meaning(Network network, Logits logits) {
    if (meaning == null) {
      Logits ofDense = network == dense ? logits : Evaluation.logits(dense, samples, workers);
      BinaryOutput told = BinaryOutput.of(dense);
      meaning = told != null ? told : Objects.requireNonNull(ofDense.binary());
    }
    return meaning;
  }
}
