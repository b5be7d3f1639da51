package falcon.prune;

import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.NamedArrays;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.model.Network;
import falcon.torch.ArraySamples;
import falcon.torch.ImageSamples;
import falcon.torch.SampleSource;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A network and data that go together: axes that the network leaves open have the sizes of the samples.
///
/// @param network for examples of the data's shapes
/// @param data whose samples it takes
/// @param preprocessing how pixels become inputs; null of arrays, which go in as they are
public record Match(Network network, Dataset data, @Nullable Preprocessing preprocessing) {

  /// Brings a network and data together.
  ///
  /// @param preprocessing of images; null for what the network's metadata says, or else the layout's
  ///     default
  /// @throws PruningException if they do not go together; says why
  public static Match of(Network network, Dataset data, @Nullable Preprocessing preprocessing) {
    Network shaped = Suitability.shaped(network, data);
    Preprocessing used = preprocessing != null ? preprocessing : usual(network, data);
    Suitability.require(shaped, data, used);
    return new Match(shaped, data, used);
  }

  private static @Nullable Preprocessing usual(Network network, Dataset data) {
    if (!data.layout().isImages()) {
      return null;
    }
    Preprocessing stored = Preprocessing.fromMetadata(Path.of(network.name()), network.metadata());
    return stored != null ? stored : Preprocessing.defaultsOf(data.layout());
  }

  /// Samples as they are.
  ///
  /// @param samples a split of the data
  /// @param indexes which of them, in this order; handed over
  public SampleSource plain(Samples samples, int[] indexes) {
    return switch (samples) {
      case Images images ->
          ImageSamples.plain(images, indexes, Objects.requireNonNull(preprocessing));
      case NamedArrays arrays -> ArraySamples.of(arrays, network, indexes);
    };
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
      case NamedArrays arrays -> ArraySamples.of(arrays, network, indexes);
    };
  }
}
