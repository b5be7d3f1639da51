package falcon.prune.evaluation;

import falcon.data.DataOption;
import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.NamedArrays;
import falcon.data.NumberArray;
import falcon.data.Preprocessing;
import falcon.model.BatchAxis;
import falcon.model.Dimension;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.ValueInfo;
import falcon.model.shape.ExampleAxes;
import falcon.prune.options.PruningException;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.sample.ArraySamples;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Whether network, data and preprocessing go together, asked before anything is computed.
final class CompatibilityCheck {
  private CompatibilityCheck() {}

  /// The network for examples of the data's shapes, with the axes that count examples.
  ///
  /// @param keepsApart whether a network computes each sample by itself; asked where shapes leave
  ///     several axes
  /// @throws PruningException if it does not take such samples; says which it takes and which there
  ///     are
  static Network shaped(Network network, Dataset data, Predicate<Network> keepsApart) {
    try {
      Network shaped =
          switch (data.any()) {
            case Images _ -> ExampleAxes.found(network, imageChoices(network, data), keepsApart);
            case NamedArrays arrays -> SampleAxes.found(network, arrays, keepsApart);
          };
      BatchAxis.fixedSize(shaped);
      return shaped;
    } catch (IllegalArgumentException e) {
      throw unsuitable(
          "The network takes %s, a sample in %s is %s (%s). Use the data that the network was trained on."
              .formatted(
                  network.inputs(), data.directory(), sample(network, data), e.getMessage()));
    } catch (UnsupportedNetworkException e) {
      throw unsuitable("%s: %s".formatted(data.directory(), e.getMessage()));
    }
  }

  private static Map<String, List<ExampleAxes.Choice>> imageChoices(Network network, Dataset data) {
    var choices = new LinkedHashMap<String, List<ExampleAxes.Choice>>();
    imageShape(network, data)
        .forEach(
            (input, shape) -> choices.put(input, List.of(new ExampleAxes.Choice(0, shape, null))));
    return choices;
  }

  /// Shape of a sample for each input, for messages.
  private static String sample(Network network, Dataset data) {
    return switch (data.any()) {
      case Images _ ->
          imageShape(network, data).entrySet().stream()
              .map(entry -> "%s %s".formatted(entry.getKey(), entry.getValue()))
              .collect(Collectors.joining(", "));
      case NamedArrays arrays -> {
        List<NumberArray> matched = ArraySamples.matched(arrays, network);
        yield IntStream.range(0, matched.size())
            .mapToObj(i ->
                "%s %s"
                    .formatted(
                        network.fedInputs().get(i).name(),
                        arrays.isPerSample(matched.get(i))
                            ? matched.get(i).sampleShape()
                            : matched.get(i).shape() + " for all"))
            .collect(Collectors.joining(", "));
      }
    };
  }

  /// The data with images of the size that the network takes.
  ///
  /// @param shortSide length of an image's shorter side before it is cropped, null for what suits
  /// @throws PruningException if the network leaves that size open, or takes no images
  static Dataset sized(Network network, Dataset data, @Nullable Integer shortSide) {
    List<Dimension> dimensions = network.inputs().getFirst().dimensions();
    if (network.inputs().size() == 1
        && dimensions != null
        && dimensions.size() == 4
        && dimensions.get(1) instanceof Dimension.Fixed(long channels)
        && dimensions.get(2) instanceof Dimension.Fixed(long height)
        && dimensions.get(3) instanceof Dimension.Fixed(long width)) {
      try {
        return data.sized(
            Math.toIntExact(channels), Math.toIntExact(height), Math.toIntExact(width), shortSide);
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw unsuitable(
            "The network takes %s, which no images can be cut to: %s."
                .formatted(network.inputs(), e.getMessage()));
      }
    }
    throw unsuitable(
        "The network takes %s; images of files are cut to [channels, height, width] of its only input.%nWhere it leaves these open, give them: %s 3,224,224."
            .formatted(network.inputs(), ModelOption.INPUT_SHAPE));
  }

  private static Map<String, List<Long>> imageShape(Network network, Dataset data) {
    if (network.fedInputs().size() != 1) {
      throw unsuitable(
          "The network has %d inputs (%s); image data goes with networks of one. Give it arrays, named like the inputs (.npz)."
              .formatted(network.inputs().size(), network.inputs()));
    }
    ValueInfo input = network.fedInputs().getFirst();
    var image = List.of((long) data.channels(), (long) data.height(), (long) data.width());
    List<Dimension> dimensions = input.dimensions();
    boolean fits = dimensions == null || dimensions.size() == 4;
    for (int i = 0; dimensions != null && fits && i < image.size(); i++) {
      fits = !(dimensions.get(i + 1) instanceof Dimension.Fixed(long size)) || size == image.get(i);
    }
    if (!fits) {
      throw unsuitable(
          "The network takes %s, the images in %s are %s (channels, height, width). Use the data that the network was trained on."
              .formatted(input, data.directory(), image));
    }
    return Map.of(input.name(), image);
  }

  /// Returns if they go together.
  ///
  /// @throws PruningException if the preprocessing is for other images; says which
  static void require(Dataset data, @Nullable Preprocessing preprocessing) {
    if (preprocessing != null && preprocessing.mean().size() != data.channels()) {
      throw unsuitable(
          "The preprocessing (%s) is for images of %d channels, those in %s have %d. Give mean and deviation of each channel (%s, %s)."
              .formatted(
                  preprocessing,
                  preprocessing.mean().size(),
                  data.directory(),
                  data.channels(),
                  DataOption.MEAN,
                  DataOption.DEVIATION));
    }
  }

  private static PruningException unsuitable(String message) {
    return new PruningException(PruningException.Kind.INPUT, message);
  }
}
