package falcon.prune.evaluation;

import falcon.data.DataOption;
import falcon.data.Dataset;
import falcon.data.ImageLayout;
import falcon.data.Images;
import falcon.data.NamedArrays;
import falcon.data.NumberArray;
import falcon.data.Preprocessing;
import falcon.model.BatchAxis;
import falcon.model.Network;
import falcon.model.shape.ExampleAxes;
import falcon.model.shape.FollowedShapes;
import falcon.model.shape.OutputNeeds;
import falcon.prune.options.PruningException;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.sample.ArraySamples;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The check that network, data and preprocessing are compatible, before anything is computed.
final class CompatibilityCheck {
  private CompatibilityCheck() {}

  /// Returns the network for examples of the data's shapes, with the axes that count examples, and
  /// without nodes that cannot be run and that the main output does not need.
  ///
  /// @param layout order of the axes of an image; null for arrays
  /// @param keepsApart whether a network computes each sample by itself; asked where shapes leave
  ///     several axes
  /// @throws PruningException if it does not accept these samples; the message states what it
  ///     accepts and what the samples are
  static Network shaped(
      Network network, Dataset data, @Nullable ImageLayout layout, Predicate<Network> keepsApart) {
    Predicate<Network> apart = candidate -> keepsApart.test(needed(candidate));
    try {
      Network shaped =
          switch (data.any()) {
            case Images _ ->
                ExampleAxes.found(
                    network, imageChoices(network, data, Objects.requireNonNull(layout)), apart);
            case NamedArrays arrays -> SampleAxes.found(network, arrays, apart);
          };
      BatchAxis.fixedSize(shaped);
      return needed(shaped);
    } catch (IllegalArgumentException e) {
      throw unsuitable(
          "The network takes %s, a sample in %s is %s (%s). Use the data that the network was trained on."
              .formatted(
                  network.inputs(),
                  data.directory(),
                  sample(network, data, layout),
                  e.getMessage()));
    } catch (UnsupportedNetworkException e) {
      throw unsuitable("%s: %s".formatted(data.directory(), e.getMessage()));
    }
  }

  /// Returns the network without nodes that cannot be run and that the main output does not need.
  /// One that was built in memory stays as it is: a file of it would lack them.
  private static Network needed(Network network) {
    Network reduced =
        OutputNeeds.of(network, FollowedShapes.of(network, Map.of()), LoadedNetwork::canRun)
            .reduced();
    return network.origin() == null && reduced.nodes().size() < network.nodes().size()
        ? network
        : reduced;
  }

  private static Map<String, List<ExampleAxes.Choice>> imageChoices(
      Network network, Dataset data, ImageLayout layout) {
    var choices = new LinkedHashMap<String, List<ExampleAxes.Choice>>();
    imageShape(network, data, layout)
        .forEach(
            (input, shape) -> choices.put(input, List.of(new ExampleAxes.Choice(0, shape, null))));
    return choices;
  }

  /// Returns the shape of a sample for each input, for messages.
  private static String sample(Network network, Dataset data, @Nullable ImageLayout layout) {
    return switch (data.any()) {
      case Images _ ->
          imageShape(network, data, Objects.requireNonNull(layout)).entrySet().stream()
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

  private static Map<String, List<Long>> imageShape(
      Network network, Dataset data, ImageLayout layout) {
    List<Long> shape = Objects.requireNonNull(ImageInput.shape(network, data, layout));
    return Map.of(network.fedInputs().getFirst().name(), shape);
  }

  /// Checks that data and preprocessing are compatible.
  ///
  /// @throws PruningException if the preprocessing is for other images; the message states which
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
