package falcon.prune.options;

import java.util.Locale;

/// What a retraining makes small.
public enum RetrainingLoss {
  /// The distance of the outputs to those of the dense network on the same samples; no labels are
  /// needed. For a classifier the Kullback–Leibler divergence at [RetrainingOptions#temperature],
  /// for other networks the squared error over the variance of the dense outputs.
  DISTILL,
  /// The cross-entropy with the labels; for classifiers.
  LABELS,
  /// Half the sum of both; for classifiers.
  BOTH;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Returns whether the samples need labels.
  public boolean needsLabels() {
    return this != DISTILL;
  }

  /// Returns whether a dense network is needed as the teacher.
  public boolean needsTeacher() {
    return this != LABELS;
  }
}
