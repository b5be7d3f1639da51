package falcon.torch.sample;

import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A batch of samples in the form that a network takes: an array for each of its inputs, and the
/// labels if there are any. The arrays are not copied.
public final class SampleBatch implements Serializable {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // an immutable list
  private final List<InputArray> inputs;

  private final int @Nullable [] labels;
  private final int @Nullable [] numbers;

  /// Creates a batch without sample numbers.
  ///
  /// @param inputs one array per input of the network, in its order, all with the same number of
  ///     samples
  /// @param labels class of each sample, null if they have none; handed over
  /// @throws IllegalArgumentException if the numbers of samples differ
  public SampleBatch(List<InputArray> inputs, int @Nullable [] labels) {
    this(inputs, labels, null);
  }

  /// Creates a batch with the samples' numbers in messages.
  ///
  /// @param numbers numbers of the samples in their data, from 0 on, null if they have none; handed
  ///     over
  public SampleBatch(List<InputArray> inputs, int @Nullable [] labels, int @Nullable [] numbers) {
    this.inputs = List.copyOf(inputs);
    this.labels = labels;
    this.numbers = numbers;
    int size = inputs.getFirst().size();
    if (inputs.stream().anyMatch(input -> input.size() != size)
        || (labels != null && labels.length != size)) {
      throw new IllegalArgumentException(
          "inputs %s of %s samples with %s labels"
              .formatted(
                  inputs,
                  inputs.stream().map(InputArray::size).toList(),
                  labels == null ? "no" : labels.length));
    }
  }

  /// Creates labelled samples for a network of one floating-point input.
  ///
  /// @param sampleShape shape of one sample, `[3, 32, 32]` for instance
  /// @param values `[labels.length, …]`, row-major, preprocessed; handed over
  /// @param labels class of each sample; handed over
  /// @throws IllegalArgumentException if the lengths do not fit each other
  public SampleBatch(List<Long> sampleShape, float[] values, int[] labels) {
    this(List.of(InputArray.ofFloats(sampleShape, values)), labels);
  }

  /// Returns one array per input of the network, in its order.
  public List<InputArray> inputs() {
    return inputs;
  }

  /// Returns the number of samples.
  public int size() {
    return inputs.getFirst().size();
  }

  /// Returns the shape of one sample of the first input.
  public List<Long> sampleShape() {
    return inputs.getFirst().sampleShape();
  }

  /// Returns the values of the first input.
  ///
  /// @return `[size, …]` of the first input, row-major; the array itself
  /// @throws IllegalStateException if that input takes integers
  public float[] values() {
    return inputs.getFirst().floats();
  }

  /// Returns whether the samples have labels.
  public boolean isLabelled() {
    return labels != null;
  }

  /// Returns the labels.
  ///
  /// @return `[size]`; the array itself
  /// @throws IllegalStateException if the samples have no labels
  public int[] labels() {
    if (labels == null) {
      throw new IllegalStateException("the samples have no labels");
    }
    return labels;
  }

  /// Returns the samples' numbers for messages.
  ///
  /// @return numbers of the samples in their data, before the batch was filled up; null if they
  ///     have none; the array itself
  public int @Nullable [] numbers() {
    return numbers;
  }

  /// Returns the samples, repeated from the front until there are `size`.
  public SampleBatch filledUp(int size) {
    if (size == size()) {
      return this;
    }
    int[] more = null;
    if (labels != null) {
      more = new int[size];
      for (int i = 0; i < size; i++) {
        more[i] = labels[i % labels.length];
      }
    }
    return new SampleBatch(
        inputs.stream().map(input -> input.filledUp(size)).toList(), more, numbers);
  }
}
