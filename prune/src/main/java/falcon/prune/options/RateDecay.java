package falcon.prune.options;

import java.util.Locale;

/// How the learning rate of a retraining falls from its greatest value to zero.
public enum RateDecay {
  /// Along half a period of a cosine.
  COSINE,
  /// In equal steps.
  LINEAR;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
