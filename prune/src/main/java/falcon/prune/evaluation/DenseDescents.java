package falcon.prune.evaluation;

import falcon.torch.curvature.ChannelDescent;
import java.util.List;

/// The quadratics of the layers of a dense network, as the support search minimises them.
///
/// @param all one for each layer that has one; closed with this object
public record DenseDescents(List<ChannelDescent> all) implements AutoCloseable {
  /// Copies the list.
  public DenseDescents {
    all = List.copyOf(all);
  }

  /// Returns the bytes that they hold outside of the Java heap.
  public long bytes() {
    return all.stream().mapToLong(ChannelDescent::bytes).sum();
  }

  @Override
  public void close() {
    all.forEach(ChannelDescent::close);
  }
}
