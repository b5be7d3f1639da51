package falcon.prune;

import falcon.data.Images;
import falcon.data.Preprocessing;
import falcon.data.Seeds;
import falcon.data.Splits;
import falcon.torch.ImageSamples;
import java.util.Arrays;

/// Draws samples from the training images that are not held out, cropped and flipped as in training.
///
/// @param images the training split
/// @param splits which of them are held out
/// @param preprocessing how pixels become inputs
/// @param seed master seed
public record CalibrationSamples(
    Images images, Splits splits, Preprocessing preprocessing, long seed) {
  /// Draws images; the same arguments give the same ones.
  ///
  /// @param use what for; every use of a stage has its own draw
  /// @param stage number of the stage
  /// @param count any number: once all images have been drawn they are drawn anew
  public ImageSamples draw(String use, int stage, int count) {
    var random = Seeds.of(seed, "calibration for " + use, stage);
    int available = splits.rest().length;
    var indexes = new int[count];
    for (int from = 0; from < count; from += available) {
      int part = Math.min(available, count - from);
      System.arraycopy(splits.draw(random, part), 0, indexes, from, part);
    }
    return ImageSamples.augmented(images, indexes, preprocessing, random.nextLong());
  }

  /// The held-out images as they are.
  public ImageSamples validation() {
    return validation(splits.validation().length);
  }

  /// The first of the held-out images, `most` at most.
  public ImageSamples validation(int most) {
    int[] indexes = splits.validation();
    return ImageSamples.plain(
        images, Arrays.copyOf(indexes, Math.min(most, indexes.length)), preprocessing);
  }
}
