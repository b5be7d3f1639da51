package falcon.torch.sample;

import falcon.data.Images;
import falcon.data.Preprocessing;
import falcon.data.Seeds;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Images of a data set, preprocessed when they are drawn. An instance owns its array of indexes.
public final class ImageSamples implements SampleSource {
  private static final String AUGMENTATION = "augmentation";

  private final Images images;
  private final int[] indexes;
  private final Preprocessing preprocessing;
  private final @Nullable Long augmentationSeed;

  private ImageSamples(
      Images images, int[] indexes, Preprocessing preprocessing, @Nullable Long augmentationSeed) {
    this.images = images;
    this.indexes = indexes;
    this.preprocessing = preprocessing;
    this.augmentationSeed = augmentationSeed;
  }

  /// Returns some images, preprocessed.
  ///
  /// @param indexes indexes of the images, in the order of use; handed over
  /// @return the images, neither cropped nor flipped
  public static ImageSamples plain(Images images, int[] indexes, Preprocessing preprocessing) {
    return new ImageSamples(images, indexes, preprocessing, null);
  }

  /// @param seed seed of each sample's crop and flip, together with the sample's number in this
  ///     source
  /// @return the images cropped and flipped as in training
  public static ImageSamples augmented(
      Images images, int[] indexes, Preprocessing preprocessing, long seed) {
    return new ImageSamples(images, indexes, preprocessing, seed);
  }

  @Override
  public int size() {
    return indexes.length;
  }

  @Override
  public SampleBatch batch(int from, int to) {
    var values = new float[Math.multiplyExact(to - from, images.imageSize())];
    for (int i = from; i < to; i++) {
      int offset = (i - from) * images.imageSize();
      if (augmentationSeed == null) {
        preprocessing.fill(images, indexes[i], values, offset);
      } else {
        preprocessing.fillAugmented(
            images, indexes[i], values, offset, Seeds.of(augmentationSeed, AUGMENTATION, i));
      }
    }
    List<Long> shape =
        List.of((long) images.channels(), (long) images.height(), (long) images.width());
    return new SampleBatch(
        List.of(InputArray.ofFloats(shape, values)), images.isLabelled() ? labels(from, to) : null);
  }

  @Override
  public int[] labels(int from, int to) {
    var labels = new int[to - from];
    for (int i = from; i < to; i++) {
      labels[i - from] = images.label(indexes[i]);
    }
    return labels;
  }
}
