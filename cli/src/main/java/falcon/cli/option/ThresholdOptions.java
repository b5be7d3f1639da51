package falcon.cli.option;

import falcon.cli.option.Threshold.Figure;
import java.util.Collection;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options for build steps: what a result has to reach, and a line for a log.
public final class ThresholdOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--fail-under",
      split = ",",
      paramLabel = "FIGURE=LEAST",
      description =
          "Exit code 6 if a figure of the result is below: accuracy=90%%, agreement=, fidelity= or"
              + " speedup=1.5 (bench), several separated by commas. Test samples count where there are"
              + " any, else held-out ones. The result is written all the same.")
  private List<Threshold> thresholds = List.of();

  @Option(
      names = "--summary-line",
      description =
          "Print one line of key=value as the result, for logs: command, figures, fail-under.")
  private boolean isLine;

  /// Returns what has to be reached, in the order of typing.
  public List<Threshold> thresholds() {
    return thresholds;
  }

  /// Returns whether the result is printed as one line.
  public boolean isLine() {
    return isLine;
  }

  /// Returns whether one of the options was typed.
  public boolean isGiven() {
    return isLine || !thresholds.isEmpty();
  }

  /// Requires that options do not contradict each other.
  ///
  /// @throws ParameterException if they do
  public void requireUsable(OutputOptions output) {
    if (isLine && output.isJson()) {
      throw usage("--summary-line and --json contradict each other");
    }
    if (thresholds.stream().map(Threshold::figure).distinct().count() < thresholds.size()) {
      throw usage("--fail-under names a figure twice");
    }
  }

  /// Requires that all figures of the thresholds are measured.
  ///
  /// @param measured figures that the result will have
  /// @param reason why it has no others
  /// @throws ParameterException if one is not
  public void requireMeasured(Collection<Figure> measured, String reason) {
    for (Threshold threshold : thresholds) {
      if (!measured.contains(threshold.figure())) {
        throw usage("--fail-under %s can never be judged: %s".formatted(threshold, reason));
      }
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
