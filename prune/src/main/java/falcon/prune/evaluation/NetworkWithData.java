package falcon.prune.evaluation;

import falcon.data.Dataset;
import falcon.data.ImageLayout;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.NamedArrays;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.data.Split;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.ValueInfo;
import falcon.model.shape.ExampleAxes;
import falcon.model.stored.StoredWeights;
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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A network with compatible data: axes that the network leaves open have the sizes of the samples,
/// and the axis of each input that counts them is known.
///
/// @param network the network for examples of the data's shapes; for any number of them, even if
///     its file fixes the number to one, where the graph allows others; its products read their
///     weights directly ([StoredWeights])
/// @param data the data whose samples it takes
/// @param preprocessing the conversion of pixels to inputs; null for arrays, which are used
///     unchanged
/// @param measure the measure that networks are judged by on training samples, or on test samples
///     where there are no others
public record NetworkWithData(
    Network network, Dataset data, @Nullable Preprocessing preprocessing, Measure measure) {

  /// Samples that a network is tried on to learn which axis counts them.
  private static final int TRIED = 4;

  /// Combines a network with data. Where the shapes leave several axes that may count samples,
  /// or the file fixes their number to one, a few samples are run through the network.
  ///
  /// @param preprocessing conversion of pixels to inputs; null for the one in the network's
  ///     metadata, or else the layout's default
  /// @param loss objective of the pruned network
  /// @throws PruningException if they are not compatible; the message states the reason
  public static NetworkWithData of(
      Network network, Dataset data, @Nullable Preprocessing preprocessing, Loss loss) {
    Preprocessing given =
        preprocessing != null ? preprocessing : stored(network, data, Path.of(network.name()));
    Dataset named = data.forInputs(network.inputs().stream().map(ValueInfo::name).toList());
    Dataset sized =
        named.needsImageSize()
            ? ImageInput.sized(network, named, null, given == null ? null : given.layout())
            : named;
    Preprocessing used = sized.layout().isImages() ? ofImages(network, sized, given) : given;
    CompatibilityCheck.require(sized, used);
    Predicate<Network> keepsApart = candidate -> keepsApart(candidate, sized, used);
    ImageLayout layout =
        used == null ? null : Objects.requireNonNullElse(used.layout(), ImageLayout.NCHW);
    Network shaped = CompatibilityCheck.shaped(network, sized, layout, keepsApart);
    Network opened = ExampleAxes.opened(shaped);
    if (opened != null && keepsApart.test(opened)) {
      shaped = opened;
    }
    Network unfolded = StoredWeights.unfolded(shaped);
    Split first = sized.hasTrain() ? Split.TRAIN : Split.TEST;
    Measure measure = MeasureChoice.of(unfolded, sized, first, loss);
    return new NetworkWithData(unfolded, withClasses(unfolded, sized, loss), used, measure);
  }

  /// Returns the preprocessing in the layout of the network, which takes the numbers that it makes.
  ///
  /// @param given null for the usual one
  private static Preprocessing ofImages(
      Network network, Dataset data, @Nullable Preprocessing given) {
    Preprocessing used =
        inLayout(network, data, given != null ? given : ImageInput.usual(network, data));
    ImageInput.requireNumbers(network, used);
    return used;
  }

  /// Returns whether a network computes each sample by itself; asked of a few.
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

  /// Returns sentences on what was found about the axes of the inputs, where it is not the usual.
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

  /// Returns the data with labels that are the network's classes, where labels count.
  private static Dataset withClasses(Network network, Dataset data, Loss loss) {
    Integer classes = MeasureChoice.classes(network);
    boolean isJudgedByLabels =
        data.layout() == Layout.IMAGES
            && Stream.of(Split.values())
                .filter(split -> split == Split.TRAIN ? data.hasTrain() : data.hasTest())
                .filter(data::isLabelled)
                .anyMatch(
                    split -> MeasureChoice.of(network, data, split, loss) == Measure.ACCURACY);
    return isJudgedByLabels && classes != null && classes > 1 ? data.forClasses(classes) : data;
  }

  /// What networks are judged by on the samples of a split, which depends on its own labels alone.
  ///
  /// @param loss what a pruned network is to do well
  /// @throws PruningException if the network has fewer classes than the split
  public Measure measure(Split split, Loss loss) {
    return MeasureChoice.of(network, data, split, loss);
  }

  /// Returns whether the network has one number for each example, which tells two classes apart.
  public boolean isBinary() {
    Integer classes = MeasureChoice.classes(network);
    return measure == Measure.ACCURACY && classes != null && classes == 1;
  }

  /// Returns the data with images of the size that the network takes, if they have no size of their
  /// own.
  ///
  /// @param shortSide length that an image's shorter side is resized to before the middle is cut
  ///     out; null for 8/7 of the network's longer one, and none for an image that has the size
  ///     already
  /// @param layout order of the axes of an image, null for the one that the network's metadata or
  ///     its shape determine
  /// @throws PruningException if the network leaves that size open, takes no images, contradicts
  ///     the layout, or the size is too large
  public static Dataset sized(
      Network network, Dataset data, @Nullable Integer shortSide, @Nullable ImageLayout layout) {
    if (data.layout() != Layout.IMAGES) {
      return data;
    }
    Preprocessing stored = stored(network, data, Path.of(network.name()));
    ImageLayout known = stored == null ? null : stored.layout();
    return ImageInput.sized(network, data, shortSide, layout != null ? layout : known);
  }

  /// The preprocessing that a network has in its metadata, or else the usual one: pixels as they
  /// are where it takes whole numbers, else the default of the data's layout.
  ///
  /// @param data images of the size that the network takes
  /// @param source file of the metadata, named in messages
  public static Preprocessing usual(Network network, Dataset data, Path source) {
    Preprocessing stored = stored(network, data, source);
    return stored != null ? stored : ImageInput.usual(network, data);
  }

  /// Preprocessing with the order of axes in which the network takes images: the one it has, or
  /// else channels last where the network's shape or nodes say so.
  ///
  /// @param data images of the size that the network takes
  /// @throws PruningException if the network takes no images of that size, contradicts the order,
  ///     or nothing tells the order
  public static Preprocessing inLayout(Network network, Dataset data, Preprocessing preprocessing) {
    ImageLayout found = ImageInput.layout(network, data, preprocessing.layout());
    return found == ImageLayout.NHWC ? preprocessing.in(found) : preprocessing;
  }

  private static @Nullable Preprocessing stored(Network network, Dataset data, Path source) {
    return data.layout().isImages() ? Preprocessing.fromMetadata(source, network.metadata()) : null;
  }

  /// Returns samples without augmentation.
  ///
  /// @param samples a split of the data
  /// @param indexes indexes of the samples, in this order; handed over
  /// @throws PruningException if arrays do not fit the network
  public SampleSource plain(Samples samples, int[] indexes) {
    return switch (samples) {
      case Images images ->
          asInput(ImageSamples.plain(images, indexes, Objects.requireNonNull(preprocessing)));
      case NamedArrays arrays -> arrays(arrays, indexes);
    };
  }

  /// Images in the type and shape of the network's only input.
  private ImageSamples asInput(ImageSamples images) {
    ValueInfo input = network.fedInputs().getFirst();
    List<Long> shape =
        Objects.requireNonNull(input.dimensions()).stream()
            .skip(1)
            .map(size -> ((Dimension.Fixed) size).size())
            .toList();
    return images.as(Objects.requireNonNullElse(input.type(), DataType.FLOAT32), shape);
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
          asInput(
              ImageSamples.augmented(images, indexes, Objects.requireNonNull(preprocessing), seed));
      case NamedArrays arrays -> arrays(arrays, indexes);
    };
  }
}
