package falcon.torch;

/// Samples that can be drawn in fixed chunks, from any thread, again and again with the same bits.
public interface SampleSource {
  /// @return how many samples there are
  int size();

  /// Samples `from` (inclusive) to `to` (exclusive).
  SampleBatch batch(int from, int to);
}
