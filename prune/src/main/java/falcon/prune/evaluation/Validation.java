package falcon.prune.evaluation;

import falcon.model.Network;
import falcon.prune.options.Progress;
import falcon.prune.resources.Clock;
import falcon.torch.execution.SampleLosses;
import org.jspecify.annotations.Nullable;

/// Judges networks on held-out samples, tells the progress listener, and remembers the last result.
public final class Validation {
  private final Judge judge;
  private final Progress progress;
  private final Clock clock;
  private @Nullable Network last;
  private @Nullable SampleLosses lastLosses;

  /// @param judge on the held-out samples
  /// @param clock counts the seconds of the phase "validation"
  public Validation(Judge judge, Progress progress, Clock clock) {
    this.judge = judge;
    this.progress = progress;
    this.clock = clock;
  }

  /// Losses of a network on the held-out samples; those of the network asked for last are kept.
  ///
  /// @param phase what the network is, for the progress listener: "dense network", "stage 1"
  public SampleLosses of(Network network, String phase) {
    if (network != last || lastLosses == null) {
      lastLosses = judged(network, phase, judge);
      last = network;
    }
    return lastLosses;
  }

  /// Losses of a network on other samples, which are not kept.
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
