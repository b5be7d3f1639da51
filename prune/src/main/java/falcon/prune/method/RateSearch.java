package falcon.prune.method;

import falcon.prune.report.RetrainingReport;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The search for a learning rate: from a usual one upwards in factors of about three as long as
/// the loss of short trainings on held-out samples falls, else downwards.
///
/// @param rates the rates that may be tried, ascending
/// @param begin index of the first one
record RateSearch(List<Double> rates, int begin) {
  private static final List<Double> OF_SGD =
      List.of(0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0);
  private static final List<Double> OF_ADAM =
      List.of(0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03);

  /// Steps of the whole training for each step of a trial.
  private static final int SHARE = 24;

  /// Steps of the whole training for each step of a trial of a start.
  private static final int START_SHARE = 8;

  private static final int LEAST_STEPS = 20;
  private static final int MOST_STEPS = 200;

  /// @param isDescent whether the steps are those of gradient descent, not Adam's
  /// @param asked the only rate; null to search
  RateSearch(boolean isDescent, @Nullable Double asked) {
    this(asked != null ? List.of(asked) : isDescent ? OF_SGD : OF_ADAM, asked != null ? 0 : 4);
  }

  /// Returns the number of steps of a trial.
  ///
  /// @param steps number of steps of the training
  static int steps(long steps) {
    return (int) Math.min(steps, Math.clamp(steps / SHARE, LEAST_STEPS, MOST_STEPS));
  }

  /// Returns the number of steps of a trial of a start: more than of a learning rate, since
  /// re-fitted weights are ahead at first and may be overtaken.
  ///
  /// @param steps number of steps of the training
  static int startSteps(long steps) {
    return (int) Math.min(steps, Math.clamp(steps / START_SHARE, LEAST_STEPS, MOST_STEPS));
  }

  double first() {
    return rates.get(begin);
  }

  /// Returns the next rate to try; null if the best one is found.
  ///
  /// @param trials those so far, of the first rate among them
  /// @param start the start that they count for
  @Nullable Double next(List<RetrainingReport.Trial> trials, String start) {
    int up = begin;
    while (up + 1 < rates.size() && isTried(trials, start, up + 1)) {
      up++;
    }
    boolean rises =
        up == begin
            ? Double.isFinite(loss(trials, start, up))
            : loss(trials, start, up) < loss(trials, start, up - 1);
    if (rises && up + 1 < rates.size()) {
      return rates.get(up + 1);
    }
    if (up > begin + 1 || (up == begin + 1 && rises)) {
      return null; // the greatest one, or the one before the last, is the best
    }
    int down = begin;
    while (down > 0 && isTried(trials, start, down - 1)) {
      down--;
    }
    double lowest = loss(trials, start, down);
    boolean falls =
        down == begin || !Double.isFinite(lowest) || lowest < loss(trials, start, down + 1);
    return falls && down > 0 ? rates.get(down - 1) : null;
  }

  private boolean isTried(List<RetrainingReport.Trial> trials, String start, int rate) {
    return trials.stream().anyMatch(trial -> isOf(trial, start, rate));
  }

  private double loss(List<RetrainingReport.Trial> trials, String start, int rate) {
    return trials.stream()
        .filter(trial -> isOf(trial, start, rate))
        .mapToDouble(RateSearch::loss)
        .findFirst()
        .orElseThrow();
  }

  private boolean isOf(RetrainingReport.Trial trial, String start, int rate) {
    return trial.start().equals(start) && trial.learningRate() == rates.get(rate);
  }

  /// Returns the loss of a trial, infinite if it diverged.
  static double loss(RetrainingReport.Trial trial) {
    return Objects.requireNonNullElse(trial.loss(), Double.POSITIVE_INFINITY);
  }
}
