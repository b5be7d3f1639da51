package falcon.data;

import java.util.List;

/// The two parts of a data set.
public enum Split {
  /// The training samples.
  TRAIN("train"),
  /// The test samples.
  TEST("t10k");

  private final String idxPrefix;

  Split(String idxPrefix) {
    this.idxPrefix = idxPrefix;
  }

  /// Returns the first word of the names of this split's idx files.
  public String idxPrefix() {
    return idxPrefix;
  }

  /// Returns the names of folders and archives that hold this split, in order of precedence.
  public List<String> folders() {
    return switch (this) {
      case TRAIN -> List.of("train");
      case TEST -> List.of("test", "val");
    };
  }
}
