package falcon.prune.costs;

import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.prune.storage.FileContent;
import java.util.stream.Collectors;

/// A hash by which a table of costs knows its network: of the names, shapes and operators of all
/// layers with weights, not of the weights. A network has the same one before and after it was
/// pruned or trained.
public final class NetworkHash {
  private NetworkHash() {}

  /// Returns the SHA-256 of a network's layers, in hexadecimal digits.
  public static String of(Layers layers) {
    return FileContent.sha256(
        layers.all().stream().map(NetworkHash::line).collect(Collectors.joining("\n")));
  }

  private static String line(Layer layer) {
    return "%s %s %s".formatted(layer.tensor(), layer.shape(), layer.opType());
  }
}
