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
import falcon.model.shape.ControlFlow;
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
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The check that network, data and preprocessing are compatible, before anything is computed.
final class CompatibilityCheck {
  private CompatibilityCheck() {}

  /// Returns the network for examples of the data's shapes.
  ///
  /// @param layout order of the axes of an image; of no matter for arrays
  /// @throws PruningException if it does not accept these samples; the message states what it
  ///     accepts and what the samples are
  static Network shaped(Network network, Dataset data, @Nullable ImageLayout layout) {
    Map<String, List<Long>> shapes =
        switch (data.any()) {
          case Images _ -> imageShape(network, data, Objects.requireNonNull(layout));
          case NamedArrays arrays -> arrayShapes(network, data, arrays);
        };
    try {
      BatchAxis.fixedSize(network);
      return needed(ControlFlow.withExampleShapes(network, shapes));
    } catch (IllegalArgumentException e) {
      throw unsuitable(
          "The network takes %s, a sample in %s is %s (%s). Use the data that the network was trained on."
              .formatted(
                  network.inputs(),
                  data.directory(),
                  shapes.entrySet().stream()
                      .map(entry -> "%s %s".formatted(entry.getKey(), entry.getValue()))
                      .collect(Collectors.joining(", ")),
                  e.getMessage()));
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

  private static Map<String, List<Long>> imageShape(
      Network network, Dataset data, ImageLayout layout) {
    List<Long> shape = Objects.requireNonNull(ImageInput.shape(network, data, layout));
    return Map.of(network.inputs().getFirst().name(), shape);
  }

  private static Map<String, List<Long>> arrayShapes(
      Network network, Dataset data, NamedArrays arrays) {
    List<NumberArray> matched;
    try {
      matched = ArraySamples.matched(arrays, network);
    } catch (UnsupportedNetworkException e) {
      throw unsuitable("%s: %s".formatted(data.directory(), e.getMessage()));
    }
    var shapes = new LinkedHashMap<String, List<Long>>();
    for (int i = 0; i < matched.size(); i++) {
      shapes.put(network.inputs().get(i).name(), matched.get(i).sampleShape());
    }
    return shapes;
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
