package falcon.prune.evaluation;

import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.NamedArrays;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.model.Network;
import falcon.model.stored.StoredWeights;
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

/// A network and data that go together: axes that the network leaves open have the sizes of the
/// samples.
///
/// @param network for examples of the data's shapes; its products read their weights directly
///     ([StoredWeights])
/// @param data whose samples it takes
/// @param preprocessing how pixels become inputs; null of arrays, which go in as they are
/// @param measure what networks are judged by
public record NetworkWithData(
    Network network, Dataset data, @Nullable Preprocessing preprocessing, Measure measure) {

  /// Brings a network and data together.
  ///
  /// @param preprocessing of images; null for what the network's metadata says, or else the
  ///     layout's default
  /// @param loss what a pruned network is to do well
  /// @throws PruningException if they do not go together; says why
  public static NetworkWithData of(
      Network network, Dataset data, @Nullable Preprocessing preprocessing, Loss loss) {
    Dataset sized = data.needsImageSize() ? CompatibilityCheck.sized(network, data, null) : data;
    Network shaped = StoredWeights.unfolded(CompatibilityCheck.shaped(network, sized));
    Preprocessing used = preprocessing != null ? preprocessing : usual(network, sized);
    CompatibilityCheck.require(sized, used);
    return new NetworkWithData(shaped, sized, used, MeasureChoice.of(shaped, sized, loss));
  }

  /// The data with images of the size that the network takes, if they have none of their own.
  ///
  /// @param shortSide length that an image's shorter side is resized to before the middle is cut
  ///     out; null for 8/7 of the network's longer one, and none for an image that has the size
  ///     already
  /// @throws PruningException if the network leaves that size open, takes no images, or it is too
  ///     large
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

  /// Samples as they are.
  ///
  /// @param samples a split of the data
  /// @param indexes which of them, in this order; handed over
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

  /// All samples of a split as they are.
  public SampleSource plain(Samples samples) {
    var all = new int[samples.count()];
    Arrays.setAll(all, i -> i);
    return plain(samples, all);
  }

  /// Samples as in training: images cropped and flipped, arrays as they are.
  ///
  /// @param indexes which samples, in this order; handed over
  /// @param seed decides each image's crop and flip
  public SampleSource augmented(Samples samples, int[] indexes, long seed) {
    return switch (samples) {
      case Images images ->
          ImageSamples.augmented(images, indexes, Objects.requireNonNull(preprocessing), seed);
      case NamedArrays arrays -> arrays(arrays, indexes);
    };
  }
}
