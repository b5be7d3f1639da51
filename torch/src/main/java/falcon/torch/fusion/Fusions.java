package falcon.torch.fusion;

import falcon.model.Network;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The fusions of a network: at each node the largest that starts there.
public final class Fusions {
  private final @Nullable Fusion[] byFirst;

  private Fusions(@Nullable Fusion[] byFirst) {
    this.byFirst = byFirst;
  }

  /// Finds the fusions of a network.
  public static Fusions of(Network network) {
    var readers = new ValueReaders(network);
    Map<Integer, NormalizedConvolution> pairs = NormalizedConvolution.byConvolution(readers);
    var all = new HashMap<Integer, Fusion>(pairs);
    all.putAll(ConvolutionChain.byConvolution(readers, pairs));
    var byFirst = new @Nullable Fusion[network.nodes().size()];
    all.forEach((first, fusion) -> byFirst[first] = fusion);
    return new Fusions(byFirst);
  }

  /// @param node index of the node in execution order
  /// @return null if none starts there
  public @Nullable Fusion startingAt(int node) {
    return byFirst[node];
  }
}
