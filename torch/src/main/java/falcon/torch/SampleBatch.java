package falcon.torch;

/// Samples as the network takes them, and their labels. Holds the arrays it is given, without a copy.
public final class SampleBatch {
  private final float[] values;
  private final int[] labels;

  /// @param values `[labels.length, …]`, row-major, preprocessed; handed over
  /// @param labels class of each sample; handed over
  public SampleBatch(float[] values, int[] labels) {
    if (labels.length == 0 || values.length % labels.length != 0) {
      throw new IllegalArgumentException(
          "%d values do not make %d samples".formatted(values.length, labels.length));
    }
    this.values = values;
    this.labels = labels;
  }

  public int size() {
    return labels.length;
  }

  /// @return `[size, …]`, row-major; the array itself
  public float[] values() {
    return values;
  }

  /// @return `[size]`; the array itself
  public int[] labels() {
    return labels;
  }
}
