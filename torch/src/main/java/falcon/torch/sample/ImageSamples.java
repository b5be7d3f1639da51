package falcon.torch.sample;

import falcon.data.ImageLayout;
import falcon.data.Images;
import falcon.data.Preprocessing;
import falcon.data.Seeds;
import falcon.model.DataType;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Images of a data set, preprocessed when they are drawn. An instance owns its array of indexes.
public final class ImageSamples implements SampleSource {
  private static final String AUGMENTATION = "augmentation";

  private final Images images;
  private final int[] indexes;
  private final Preprocessing preprocessing;
  private final @Nullable Long augmentationSeed;
  private final DataType type;
  private final List<Long> shape;

  private ImageSamples(
      Images images,
      int[] indexes,
      Preprocessing preprocessing,
      @Nullable Long augmentationSeed,
      DataType type,
      List<Long> shape) {
    this.images = images;
    this.indexes = indexes;
    this.preprocessing = preprocessing;
    this.augmentationSeed = augmentationSeed;
    this.type = type;
    this.shape = List.copyOf(shape);
  }

  /// Returns some images, preprocessed.
  ///
  /// @param indexes indexes of the images, in the order of use; handed over
  /// @return the images, neither cropped nor flipped
  public static ImageSamples plain(Images images, int[] indexes, Preprocessing preprocessing) {
    return new ImageSamples(
        images, indexes, preprocessing, null, DataType.FLOAT32, shape(images, preprocessing));
  }

  /// @param seed seed of each sample's crop and flip, together with the sample's number in this
  ///     source
  /// @return the images cropped and flipped as in training
  public static ImageSamples augmented(
      Images images, int[] indexes, Preprocessing preprocessing, long seed) {
    return new ImageSamples(
        images, indexes, preprocessing, seed, DataType.FLOAT32, shape(images, preprocessing));
  }

  private static List<Long> shape(Images images, Preprocessing preprocessing) {
    return Objects.requireNonNullElse(preprocessing.layout(), ImageLayout.NCHW)
        .shape(images.channels(), images.height(), images.width());
  }

  /// Returns these images as a network's input takes them.
  ///
  /// @param inputType type of the input; for whole numbers preprocessing must make whole numbers of
  ///     pixels
  /// @param sampleShape shape of one sample, with as many values as an image has
  public ImageSamples as(DataType inputType, List<Long> sampleShape) {
    return new ImageSamples(
        images, indexes, preprocessing, augmentationSeed, inputType, sampleShape);
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
    return new SampleBatch(
        List.of(type.isFloatingPoint() ? InputArray.ofFloats(shape, values) : whole(values)),
        images.isLabelled() ? labels(from, to) : null);
  }

  private InputArray whole(float... values) {
    var longs = new long[values.length];
    for (int i = 0; i < longs.length; i++) {
      longs[i] = (long) values[i];
    }
    return InputArray.ofLongs(type, shape, longs);
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
