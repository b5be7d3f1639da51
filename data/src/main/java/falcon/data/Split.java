package falcon.data;

/// The two parts that a folder of images comes in.
enum Split {
  TRAIN("train"),
  TEST("t10k");

  private final String idxPrefix;

  Split(String idxPrefix) {
    this.idxPrefix = idxPrefix;
  }

  /// First word of this split's idx files.
  String idxPrefix() {
    return idxPrefix;
  }
}
