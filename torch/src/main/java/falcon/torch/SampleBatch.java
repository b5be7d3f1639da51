package falcon.torch;

import falcon.model.Tensor;
import java.util.List;

/// Samples as the network takes them, and their labels. Holds the arrays it is given, without a copy.
public final class SampleBatch {
  private final List<Long> sampleShape;
  private final float[] values;
  private final int[] labels;

  /// @param sampleShape shape of one sample, `[3, 32, 32]` for instance
  /// @param values `[labels.length, …]`, row-major, preprocessed; handed over
  /// @param labels class of each sample; handed over
  public SampleBatch(List<Long> sampleShape, float[] values, int[] labels) {
    if (values.length != labels.length * Tensor.elements(sampleShape)) {
      throw new IllegalArgumentException(
          "%d values do not make %d samples of shape %s"
              .formatted(values.length, labels.length, sampleShape));
    }
    this.sampleShape = List.copyOf(sampleShape);
    this.values = values;
    this.labels = labels;
  }

  public List<Long> sampleShape() {
    return sampleShape;
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
