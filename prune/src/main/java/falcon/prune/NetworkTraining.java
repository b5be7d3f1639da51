package falcon.prune;

import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Preprocessing;
import falcon.data.Seeds;
import falcon.model.Network;
import falcon.model.zoo.Architecture;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.ImageSamples;
import falcon.torch.training.BatchNormRefresh;
import falcon.torch.training.Objective;
import falcon.torch.training.Training;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Trains a built-in architecture on the whole training split of a data set.
///
/// @param architecture the architecture to train
/// @param dataset the data set; its training split is used, its test split is not read
/// @param preprocessing the conversion of pixels to inputs; stored in the network's metadata
/// @param options options of the optimiser
/// @param seed seed of weights, order, crops and flips
public record NetworkTraining(
    Architecture architecture,
    Dataset dataset,
    Preprocessing preprocessing,
    Training.Options options,
    long seed) {
  /// The number of images that determine BatchNormalization's statistics at the end.
  private static final int STATISTICS_IMAGES = 4096;

  /// Trains the network; the same seed gives the same bits, for any number of threads.
  ///
  /// @param listener receives notice of each batch
  /// @return the trained network, with the preprocessing in its metadata
  /// @throws ArithmeticException if the loss is no longer finite
  public Network run(Workers workers, Training.Listener listener) {
    Images images = dataset.trainImages();
    Network initial =
        architecture.initial(
            dataset.channels(), dataset.height(), dataset.width(), dataset.classes(), seed);
    Network trained =
        new Training(options, workers)
            .train(
                initial,
                Training.Scope.ALL,
                Objective.crossEntropy(),
                epoch -> epochSamples(images, epoch),
                listener);
    trained =
        BatchNormRefresh.refresh(
            trained,
            ImageSamples.augmented(
                images,
                Arrays.copyOf(
                    shuffled(images.count(), options.epochs()),
                    Math.min(STATISTICS_IMAGES, images.count())),
                preprocessing,
                augmentationSeed(options.epochs())),
            workers);
    return trained.withAddedMetadata(preprocessing.toMetadata());
  }

  private ImageSamples epochSamples(Images images, int epoch) {
    return ImageSamples.augmented(
        images, shuffled(images.count(), epoch), preprocessing, augmentationSeed(epoch));
  }

  private long augmentationSeed(int epoch) {
    return Seeds.of(seed, "training augmentation", epoch).nextLong();
  }

  private int[] shuffled(int count, int epoch) {
    SplittableRandom random = Seeds.of(seed, "training order", epoch);
    var order = new int[count];
    Arrays.setAll(order, i -> i);
    for (int i = count - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int other = order[i];
      order[i] = order[j];
      order[j] = other;
    }
    return order;
  }
}
