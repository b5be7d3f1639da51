package falcon.prune.evaluation;

import falcon.data.DataOption;
import falcon.model.Network;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.Measure;
import falcon.prune.report.Clock;
import falcon.torch.execution.SampleLosses;
import falcon.torch.kernel.Workers;
import falcon.torch.reconstruction.ChannelRestoration;
import falcon.torch.sample.SampleSource;
import falcon.torch.training.BatchNormRefresh;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The choice whether the pruned network gets BatchNormalization statistics that are estimated on
/// the pruned network, or, without a BatchNormalization, the channel means and variances of the
/// dense one ([ChannelRestoration]). With [BatchNormPolicy#AUTO] it does where more held-out
/// samples become right than chance explains ([SampleLosses#isWorseThan]).
///
/// @param dense the network before pruning
/// @param passBytes memory of a pass over samples, 0 for no limit
/// @param samples draws the images for the statistics and holds out those that decide
/// @param validation judges networks on the held-out samples
/// @param workers the threads
public record BatchNormChoice(
    Network dense,
    long passBytes,
    CalibrationSamples samples,
    Validation validation,
    Workers workers) {
  /// The number of samples that the statistics are estimated on.
  private static final int STATISTICS_SAMPLES = 256;

  /// The number of validation samples on which a refresh of the dense network is tried.
  private static final int TRIAL_SAMPLES = 500;

  /// The loss of accuracy by a refresh, in percentage points, above which the dense network is
  /// refreshed, too; if it also loses as much, a warning is issued.
  private static final double HARM = 0.5;

  /// The result of the choice.
  ///
  /// @param pruned the network without new statistics
  /// @param before its losses on validation
  /// @param refreshed the network with new statistics, null if they were not tried
  /// @param after its losses on validation, null if they were not tried
  /// @param isTaken whether the refreshed network is the result
  public record Choice(
      Network pruned,
      SampleLosses before,
      @Nullable Network refreshed,
      @Nullable SampleLosses after,
      boolean isTaken) {
    /// Returns the network that is the result.
    public Network result() {
      return isTaken && refreshed != null ? refreshed : pruned;
    }

    /// Returns what the network that is the result loses on validation.
    public SampleLosses lossesOfResult() {
      return isTaken && after != null ? after : before;
    }
  }

  /// Chooses for one network.
  ///
  /// @param ofDense losses of the dense network on validation
  /// @param clock counts the seconds of the phase "BatchNormalization"
  /// @param warn receives a warning if a refresh hurts even the dense network
  public Choice of(
      Network pruned,
      BatchNormPolicy policy,
      SampleLosses ofDense,
      Clock clock,
      Consumer<String> warn) {
    SampleLosses plain = validation.of(pruned, "pruned network");
    boolean isUndecidable = policy == BatchNormPolicy.AUTO && plain.count() == 0;
    if (policy == BatchNormPolicy.OFF || isUndecidable || !isPossible(pruned)) {
      return new Choice(pruned, plain, null, null, false);
    }
    SampleSource statistics = samples.draw("BatchNormalization", 0, STATISTICS_SAMPLES);
    Network candidate = refreshed(pruned, statistics, clock);
    SampleLosses after = validation.of(candidate, "refreshed network");
    if (hasBatchNorm() && after.percent() < plain.percent() - HARM) {
      warnIfItHurtsTheDense(statistics, ofDense, clock, warn);
    }
    boolean isTaken = policy == BatchNormPolicy.ON || plain.isWorseThan(after);
    return new Choice(pruned, plain, candidate, after, isTaken);
  }

  private void warnIfItHurtsTheDense(
      SampleSource statistics, SampleLosses ofDense, Clock clock, Consumer<String> warn) {
    Measure measure = samples.match().measure();
    if (measure != Measure.ACCURACY) {
      return; // compared with itself any change is a loss
    }
    SampleSource trial = samples.validation(TRIAL_SAMPLES);
    double plain = ofDense.at(samples.positions(TRIAL_SAMPLES)).percent();
    double refreshed =
        validation
            .of(
                refreshed(dense, statistics, clock),
                "refreshed dense network",
                new Judge(measure, dense, trial, workers))
            .percent();
    if (refreshed < plain - HARM) {
      warn.accept(
          "Refreshing BatchNormalization hurts even the dense network (%.2f %% -> %.2f %% on validation): are images preprocessed as in its training (%s, %s, %s, %s)?"
              .formatted(
                  plain,
                  refreshed,
                  DataOption.MEAN,
                  DataOption.DEVIATION,
                  DataOption.BORDER,
                  DataOption.FLIP));
    }
  }

  private Network refreshed(Network network, SampleSource images, Clock clock) {
    return clock.time(
        "BatchNormalization",
        () -> {
          long bytes = passBytes == 0 ? BatchNormRefresh.DEFAULT_BYTES : passBytes;
          return hasBatchNorm()
              ? BatchNormRefresh.refresh(network, images, bytes, workers)
              : ChannelRestoration.restore(dense, network, images, bytes, workers);
        });
  }

  private boolean isPossible(Network pruned) {
    return hasBatchNorm() || ChannelRestoration.isPossible(dense, pruned);
  }

  private boolean hasBatchNorm() {
    return dense.nodes().stream().anyMatch(node -> node.is("BatchNormalization"));
  }
}
