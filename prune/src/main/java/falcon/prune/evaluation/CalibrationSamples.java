package falcon.prune.evaluation;

import falcon.data.Samples;
import falcon.data.Seeds;
import falcon.data.Splits;
import falcon.model.BatchAxis;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Draws samples of the training split that are not held out; images are cropped and flipped as in
/// training.
///
/// @param match network and data
/// @param splits the division of the training samples into held-out ones and the rest
/// @param seed master seed
public record CalibrationSamples(NetworkWithData match, Splits splits, long seed) {
  /// Draws samples; the same arguments give the same samples.
  ///
  /// For a network with a fixed batch size the number is rounded up to a multiple of it, so that no
  /// sample counts twice.
  ///
  /// @param use purpose of the samples; every use in a stage has its own draw
  /// @param stage number of the stage
  /// @param count any number: once all samples have been drawn, they are drawn again
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

  /// Returns the number of samples, rounded up to whole batches of the network.
  public int inWholeBatches(int count) {
    Integer batch = BatchAxis.fixedSize(match.network());
    return batch == null ? count : Math.ceilDiv(count, batch) * batch;
  }

  /// Returns the held-out samples without augmentation.
  public SampleSource validation() {
    return validation(splits.validation().length);
  }

  /// Some of the held-out samples: those at [#positions].
  public SampleSource validation(int most) {
    int[] indexes = splits.validation();
    return match.plain(train(), Arrays.stream(positions(most)).map(i -> indexes[i]).toArray());
  }

  /// Positions of some of the held-out samples among all of them, ascending: the first ones; or as
  /// many at even distances where samples are in the order of their classes, as in folders of
  /// images, so that no class is preferred.
  ///
  /// @param most greatest number of samples
  public int[] positions(int most) {
    int[] indexes = splits.validation();
    var chosen = new int[Math.min(most, indexes.length)];
    boolean isSpread = chosen.length < indexes.length && isInOrderOfClasses(indexes);
    for (int i = 0; i < chosen.length; i++) {
      chosen[i] = isSpread ? (int) ((long) i * indexes.length / chosen.length) : i;
    }
    return chosen;
  }

  /// Returns whether the samples of each class follow each other.
  private boolean isInOrderOfClasses(int... indexes) {
    Samples train = train();
    if (!train.isLabelled()) {
      return false;
    }
    int[] labels = Arrays.stream(indexes).map(train::label).toArray();
    long runs =
        IntStream.range(0, labels.length).filter(i -> i == 0 || labels[i] != labels[i - 1]).count();
    return runs == Arrays.stream(labels).distinct().count();
  }

  private Samples train() {
    return match.data().train();
  }
}
