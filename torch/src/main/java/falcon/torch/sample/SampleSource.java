package falcon.torch.sample;

/// A source of samples, which can be drawn in chunks, from any thread, repeatedly with the same
/// bits.
public interface SampleSource {
  /// Returns the number of samples.
  int size();

  /// Returns the samples `from` (inclusive) to `to` (exclusive).
  SampleBatch batch(int from, int to);

  /// Returns the labels of the samples `from` (inclusive) to `to` (exclusive).
  ///
  /// @throws IllegalStateException if the samples have none
  default int[] labels(int from, int to) {
    return batch(from, to).labels();
  }
}
