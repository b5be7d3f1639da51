package falcon.data;

import java.util.List;

/// The two parts that a data set comes in.
public enum Split {
  TRAIN("train"),
  TEST("t10k");

  private final String idxPrefix;

  Split(String idxPrefix) {
    this.idxPrefix = idxPrefix;
  }

  /// First word of this split's idx files.
  public String idxPrefix() {
    return idxPrefix;
  }

  /// Names of folders and archives that hold this split; the first one there counts.
  public List<String> folders() {
    return switch (this) {
      case TRAIN -> List.of("train");
      case TEST -> List.of("test", "val");
    };
  }
}
