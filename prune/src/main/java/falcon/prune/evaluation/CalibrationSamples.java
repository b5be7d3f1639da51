package falcon.prune.evaluation;

import falcon.data.Samples;
import falcon.data.Seeds;
import falcon.data.Splits;
import falcon.model.BatchAxis;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Draws samples from the training split that are not held out; images are cropped and flipped as
/// in training.
///
/// @param match network and data
/// @param splits which training samples are held out
/// @param seed master seed
public record CalibrationSamples(NetworkWithData match, Splits splits, long seed) {
  /// Draws samples; the same arguments give the same ones.
  ///
  /// A network that takes a fixed number at a time gets a multiple of it, so that no sample counts
  /// twice.
  ///
  /// @param use what for; every use of a stage has its own draw
  /// @param stage number of the stage
  /// @param count any number: once all samples have been drawn they are drawn anew
  public SampleSource draw(String use, int stage, int count) {
    var random = random(use, stage);
    int[] indexes = indexes(random, count);
    return match.augmented(train(), indexes, random.nextLong());
  }

  /// Draws the same samples as [#draw], as they are.
  public SampleSource drawPlain(String use, int stage, int count) {
    return match.plain(train(), indexes(random(use, stage), count));
  }

  private SplittableRandom random(String use, int stage) {
    return Seeds.of(seed, "calibration for " + use, stage);
  }

  private int[] indexes(SplittableRandom random, int count) {
    int available = splits.rest().length;
    var indexes = new int[inWholeBatches(count)];
    for (int from = 0; from < indexes.length; from += available) {
      int part = Math.min(available, indexes.length - from);
      System.arraycopy(splits.draw(random, part), 0, indexes, from, part);
    }
    return indexes;
  }

  /// The next number of samples that the network takes in whole batches.
  public int inWholeBatches(int count) {
    Integer batch = BatchAxis.fixedSize(match.network());
    return batch == null ? count : Math.ceilDiv(count, batch) * batch;
  }

  /// The held-out samples as they are.
  public SampleSource validation() {
    return validation(splits.validation().length);
  }

  /// The first of the held-out samples, `most` at most.
  public SampleSource validation(int most) {
    int[] indexes = splits.validation();
    return match.plain(train(), Arrays.copyOf(indexes, Math.min(most, indexes.length)));
  }

  private Samples train() {
    return match.data().train();
  }
}
