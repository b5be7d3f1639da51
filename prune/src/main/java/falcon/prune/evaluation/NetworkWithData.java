package falcon.prune.evaluation;

import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.NamedArrays;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.ValueInfo;
import falcon.model.shape.ExampleAxes;
import falcon.prune.options.Loss;
import falcon.prune.options.Measure;
import falcon.prune.options.PruningException;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.execution.SampleSeparation;
import falcon.torch.sample.ArraySamples;
import falcon.torch.sample.ImageSamples;
import falcon.torch.sample.SampleSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A network and data that go together: axes that the network leaves open have the sizes of the
/// samples, and it is known which axis of each input counts them.
///
/// @param network for examples of the data's shapes; for any number of them, even if its file fixes
///     the number to one, where the graph allows others
/// @param data whose samples it takes
/// @param preprocessing how pixels become inputs; null of arrays, which go in as they are
/// @param measure what networks are judged by
public record NetworkWithData(
    Network network, Dataset data, @Nullable Preprocessing preprocessing, Measure measure) {

  /// Samples that a network is tried on to learn which axis counts them.
  private static final int TRIED = 4;

  /// Brings a network and data together. Where the shapes leave several axes that may count samples,
  /// or the file fixes their number to one, a few samples are run through the network.
  ///
  /// @param preprocessing of images; null for what the network's metadata says, or else the
  ///     layout's default
  /// @param loss what a pruned network is to do well
  /// @throws PruningException if they do not go together; says why
  public static NetworkWithData of(
      Network network, Dataset data, @Nullable Preprocessing preprocessing, Loss loss) {
    Dataset sized = data.needsImageSize() ? CompatibilityCheck.sized(network, data, null) : data;
    Preprocessing used = preprocessing != null ? preprocessing : usual(network, sized);
    CompatibilityCheck.require(sized, used);
    Predicate<Network> keepsApart = candidate -> keepsApart(candidate, sized, used);
    Network shaped = CompatibilityCheck.shaped(network, sized, keepsApart);
    Network opened = ExampleAxes.opened(shaped);
    if (opened != null && keepsApart.test(opened)) {
      shaped = opened;
    }
    return new NetworkWithData(shaped, sized, used, MeasureChoice.of(shaped, sized, loss));
  }

  /// Whether a network computes each sample by itself; asked of a few.
  private static boolean keepsApart(
      Network candidate, Dataset data, @Nullable Preprocessing preprocessing) {
    var match = new NetworkWithData(candidate, data, preprocessing, Measure.FIDELITY);
    int[] first = IntStream.range(0, Math.min(TRIED, data.any().count())).toArray();
    return SampleSeparation.holds(candidate, match.plain(data.any(), first));
  }

  /// Returns a network of this one's graph as the file has it: with its own open and fixed axes,
  /// and what was found about the axes that count examples.
  ///
  /// @param given the network that was brought together with the data
  /// @param pruned a network of the same graph
  public static Network asGiven(Network given, Network pruned) {
    return pruned.withInterfaceOf(given).withAxesOf(pruned);
  }

  /// Sentences on what was found about the axes of the inputs, where it is not the usual.
  ///
  /// @param given the network that was brought together with the data
  public List<String> notes(Network given) {
    var notes = new ArrayList<String>();
    for (int i = 0; i < given.inputs().size(); i++) {
      ValueInfo own = given.inputs().get(i);
      ValueInfo found = network.inputs().get(i);
      if (found.axisOfExamples() == ValueInfo.NO_AXIS) {
        notes.add("input '%s' has one value for all samples".formatted(own));
      } else if (found.axisOfExamples() > 0) {
        notes.add("axis %d of input '%s' counts samples".formatted(found.axisOfExamples(), own));
      }
      if (own.withExampleAxis(found.exampleAxis()).examples() instanceof Dimension.Symbolic
          && found.examples() instanceof Dimension.Fixed(long size)) {
        notes.add(
            "the graph fixes the number of samples to %d at a time, though input '%s' leaves it open"
                .formatted(size, own));
      }
    }
    return List.copyOf(notes);
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
