package falcon.prune;

import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.ValueInfo;
import java.util.List;

/// Whether network, data and preprocessing go together, asked before anything is computed.
final class Suitability {
  private Suitability() {}

  /// Returns if they do.
  ///
  /// @throws PruningException if the network does not take such images or gives fewer outputs than there
  ///     are classes; says which
  static void require(Network network, Dataset data, Preprocessing preprocessing) {
    requireInput(network, data);
    requireOutput(network, data);
    if (preprocessing.mean().size() != data.channels()) {
      throw unsuitable(
          "The preprocessing (%s) is for images of %d channels, those in %s have %d. Give mean and deviation of each channel (--mean, --deviation)."
              .formatted(
                  preprocessing, preprocessing.mean().size(), data.directory(), data.channels()));
    }
  }

  private static void requireInput(Network network, Dataset data) {
    if (network.inputs().size() != 1) {
      throw unsuitable(
          "The network has %d inputs; image data goes with networks of one."
              .formatted(network.inputs().size()));
    }
    ValueInfo input = network.inputs().getFirst();
    List<Dimension> dimensions = input.dimensions();
    if (dimensions == null) {
      return;
    }
    var image = List.of(data.channels(), data.height(), data.width());
    boolean fits = dimensions.size() == 4;
    for (int i = 0; fits && i < image.size(); i++) {
      fits = !(dimensions.get(i + 1) instanceof Dimension.Fixed(long size)) || size == image.get(i);
    }
    if (!fits) {
      throw unsuitable(
          "The network takes %s, the images in %s are %s (channels, height, width). Use the data that the network was trained on."
              .formatted(input, data.directory(), image));
    }
  }

  private static void requireOutput(Network network, Dataset data) {
    List<Dimension> dimensions = network.outputs().getFirst().dimensions();
    if (dimensions != null
        && !dimensions.isEmpty()
        && dimensions.getLast() instanceof Dimension.Fixed(long outputs)
        && outputs < data.classes()) {
      throw unsuitable(
          "The network tells %d classes apart, the data in %s has %d. Use the data that the network was trained on."
              .formatted(outputs, data.directory(), data.classes()));
    }
  }

  private static PruningException unsuitable(String message) {
    return new PruningException(PruningException.Kind.INPUT, message);
  }
}
