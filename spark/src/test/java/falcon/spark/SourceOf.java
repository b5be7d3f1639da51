package falcon.spark;

import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Samples in memory.
final class SourceOf {
  private SourceOf() {}

  /// The samples of a batch, of which all are drawn at once.
  static SampleSource batch(SampleBatch batch) {
    return new SampleSource() {
      @Override
      public int size() {
        return batch.size();
      }

      @Override
      public SampleBatch batch(int from, int to) {
        List<InputArray> inputs =
            batch.inputs().stream()
                .map(input -> {
                  int each = input.floats().length / input.size();
                  return InputArray.ofFloats(
                      input.sampleShape(),
                      Arrays.copyOfRange(input.floats(), from * each, to * each));
                })
                .toList();
        return new SampleBatch(inputs, null, IntStream.range(from, to).toArray());
      }
    };
  }

  /// Images for [TinyNetwork].
  static SampleSource images(int count) {
    var values = new float[count * TinyNetwork.PIXELS];
    for (int i = 0; i < count; i++) {
      System.arraycopy(
          TinyNetwork.pixels(i), 0, values, i * TinyNetwork.PIXELS, TinyNetwork.PIXELS);
    }
    return batch(new SampleBatch(List.of(InputArray.ofFloats(List.of(1L, 8L, 8L), values)), null));
  }
}
