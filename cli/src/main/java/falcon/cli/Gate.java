package falcon.cli;

import falcon.cli.option.Threshold;
import falcon.cli.option.Threshold.Figure;
import falcon.cli.option.ThresholdOptions;
import falcon.cli.output.Console;
import falcon.cli.process.ExitCode;
import falcon.prune.options.Measure;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Compares the figures of results with what they have to reach (`--fail-under`), and decides on
/// the exit code.
final class Gate {
  private final Console console;
  private final ThresholdOptions options;
  private boolean isMissed;

  Gate(Console console, ThresholdOptions options) {
    this.console = console;
    this.options = options;
  }

  /// A figure of a result.
  ///
  /// @param value percent, or how many times as fast
  /// @param of what it was measured on, as a phrase: `on test samples`
  record Value(double value, String of) {}

  /// Returns the figure that a measure is.
  static Figure figure(Measure measure) {
    return switch (measure) {
      case ACCURACY -> Figure.ACCURACY;
      case AGREEMENT -> Figure.AGREEMENT;
      case FIDELITY -> Figure.FIDELITY;
    };
  }

  /// Requires that a run will have all figures of the thresholds.
  ///
  /// @param measures what its network is judged by
  void requireMeasured(Set<Measure> measures) {
    options.requireMeasured(
        measures.stream().map(Gate::figure).toList(),
        "this run measures %s".formatted(words(measures)));
  }

  private static String words(Set<Measure> measures) {
    return measures.stream().map(Measure::id).collect(Collectors.joining(" and "));
  }

  /// Returns whether results are printed as one line.
  boolean isLine() {
    return options.isLine();
  }

  /// Compares a result, and prints a message for each figure that is below its threshold or was not
  /// measured.
  ///
  /// @param subject what was measured, at the beginning of messages
  /// @return `met`, `missed`, or `none` where nothing was asked for
  String judge(String subject, Map<Figure, Value> figures) {
    boolean isMet = true;
    for (Threshold threshold : options.thresholds()) {
      Value found = figures.get(threshold.figure());
      if (found != null && found.value() >= threshold.least()) {
        continue;
      }
      isMet = false;
      console.message(
          found == null
              ? "falcon: %s: there is no %s to compare with --fail-under %s"
                  .formatted(subject, threshold.figure().id(), threshold)
              : "falcon: %s: %s %s %s is under the %s of --fail-under"
                  .formatted(
                      subject,
                      threshold.figure().id(),
                      exact(threshold, found),
                      found.of(),
                      threshold.figure().text(threshold.least())));
    }
    isMissed |= !isMet;
    return options.thresholds().isEmpty() ? "none" : isMet ? "met" : "missed";
  }

  /// Returns the exit code of a command that has printed all its results.
  int exitCode() {
    return isMissed ? ExitCode.UNDER_THRESHOLD : ExitCode.DONE;
  }

  /// Returns a figure with so many digits that it differs from its threshold.
  private static String exact(Threshold threshold, Value found) {
    Figure figure = threshold.figure();
    String text = figure.text(found.value());
    return text.equals(figure.text(threshold.least()))
        ? found.value() + (figure == Figure.SPEEDUP ? "" : "%")
        : text;
  }
}
