package falcon.torch.sample;

/// Samples that can be drawn in fixed chunks, from any thread, again and again with the same bits.
public interface SampleSource {
  /// @return how many samples there are
  int size();

  /// Samples `from` (inclusive) to `to` (exclusive).
  SampleBatch batch(int from, int to);

  /// Labels of the samples `from` (inclusive) to `to` (exclusive).
  ///
  /// @throws IllegalStateException if the samples have none
  default int[] labels(int from, int to) {
    return batch(from, to).labels();
  }
}
