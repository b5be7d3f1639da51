package falcon.prune.evaluation;

import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.NamedArrays;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.model.Network;
import falcon.prune.options.Loss;
import falcon.prune.options.Measure;
import falcon.prune.options.PruningException;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.sample.ArraySamples;
import falcon.torch.sample.ImageSamples;
import falcon.torch.sample.SampleSource;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A network with compatible data: axes that the network leaves open have the sizes of the samples.
///
/// @param network the network for examples of the data's shapes
/// @param data the data whose samples it takes
/// @param preprocessing the conversion of pixels to inputs; null for arrays, which are used
///     unchanged
/// @param measure the measure that networks are judged by
public record NetworkWithData(
    Network network, Dataset data, @Nullable Preprocessing preprocessing, Measure measure) {

  /// Combines a network with data.
  ///
  /// @param preprocessing conversion of pixels to inputs; null for the one in the network's
  ///     metadata, or else the layout's default
  /// @param loss objective of the pruned network
  /// @throws PruningException if they are not compatible; the message states the reason
  public static NetworkWithData of(
      Network network, Dataset data, @Nullable Preprocessing preprocessing, Loss loss) {
    Dataset sized = data.needsImageSize() ? CompatibilityCheck.sized(network, data, null) : data;
    Network shaped = CompatibilityCheck.shaped(network, sized);
    Preprocessing used = preprocessing != null ? preprocessing : usual(network, sized);
    CompatibilityCheck.require(sized, used);
    return new NetworkWithData(shaped, sized, used, MeasureChoice.of(shaped, sized, loss));
  }

  /// Returns the data with images of the size that the network takes, if they have no size of their
  /// own.
  ///
  /// @param shortSide length that an image's shorter side is resized to before the middle is
  ///     cropped; null for 8/7 of the network's longer side, and for no resizing of an image that
  ///     has the size already
  /// @throws PruningException if the network leaves that size open, takes no images, or the size is
  ///     too large
  public static Dataset sized(Network network, Dataset data, @Nullable Integer shortSide) {
    return data.layout() == Layout.IMAGES
        ? CompatibilityCheck.sized(network, data, shortSide)
        : data;
  }

  private static @Nullable Preprocessing usual(Network network, Dataset data) {
    if (!data.layout().isImages()) {
      return null;
    }
    Preprocessing stored = Preprocessing.fromMetadata(Path.of(network.name()), network.metadata());
    return stored != null ? stored : Preprocessing.defaultsOf(data.layout(), data.channels());
  }

  /// Returns samples without augmentation.
  ///
  /// @param samples a split of the data
  /// @param indexes indexes of the samples, in this order; handed over
  /// @throws PruningException if arrays do not fit the network
  public SampleSource plain(Samples samples, int[] indexes) {
    return switch (samples) {
      case Images images ->
          ImageSamples.plain(images, indexes, Objects.requireNonNull(preprocessing));
      case NamedArrays arrays -> arrays(arrays, indexes);
    };
  }

  private ArraySamples arrays(NamedArrays arrays, int[] indexes) {
    try {
      return ArraySamples.of(arrays, network, indexes);
    } catch (UnsupportedNetworkException e) {
      throw new PruningException(
          PruningException.Kind.INPUT, "%s: %s".formatted(data.directory(), e.getMessage()), e);
    }
  }

  /// Returns all samples of a split without augmentation.
  public SampleSource plain(Samples samples) {
    var all = new int[samples.count()];
    Arrays.setAll(all, i -> i);
    return plain(samples, all);
  }

  /// Returns samples as in training: images are cropped and flipped, arrays are unchanged.
  ///
  /// @param indexes indexes of the samples, in this order; handed over
  /// @param seed decides each image's crop and flip
  public SampleSource augmented(Samples samples, int[] indexes, long seed) {
    return switch (samples) {
      case Images images ->
          ImageSamples.augmented(images, indexes, Objects.requireNonNull(preprocessing), seed);
      case NamedArrays arrays -> arrays(arrays, indexes);
    };
  }
}
