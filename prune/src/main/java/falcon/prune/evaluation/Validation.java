package falcon.prune.evaluation;

import falcon.model.Network;
import falcon.prune.options.Progress;
import falcon.prune.report.Clock;
import falcon.torch.execution.SampleLosses;
import org.jspecify.annotations.Nullable;

/// Judges networks on held-out samples, notifies the progress listener, and caches the last result.
public final class Validation {
  private final Judge judge;
  private final Progress progress;
  private final Clock clock;
  private @Nullable Network last;
  private @Nullable SampleLosses lastLosses;

  /// @param judge the judge with the held-out samples
  /// @param clock counts the seconds of the phase "validation"
  public Validation(Judge judge, Progress progress, Clock clock) {
    this.judge = judge;
    this.progress = progress;
    this.clock = clock;
  }

  /// Returns the losses of a network on the held-out samples; those of the latest network are
  /// cached.
  ///
  /// @param phase description of the network, for the progress listener: "dense network", "stage 1"
  public SampleLosses of(Network network, String phase) {
    if (network != last || lastLosses == null) {
      lastLosses = judged(network, phase, judge);
      last = network;
    }
    return lastLosses;
  }

  /// Returns the losses of a network on other samples, which are not cached.
  SampleLosses of(Network network, String phase, Judge other) {
    return judged(network, phase, other);
  }

  private SampleLosses judged(Network network, String phase, Judge by) {
    if (by.samples().size() > 0) {
      progress.note(
          "evaluating the %s on %d validation samples".formatted(phase, by.samples().size()));
    }
    return clock.time("validation", () -> by.of(network));
  }
}
