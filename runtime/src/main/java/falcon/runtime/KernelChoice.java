package falcon.runtime;

import falcon.runtime.kernel.LayerChoice;
import org.jspecify.annotations.Nullable;

/// What convolutions and products with constant weights are computed by.
public enum KernelChoice {
  /// For each layer the kernel of the least estimated cost.
  AUTO(LayerChoice.AUTO),
  /// One stream of kept weights for each output channel.
  SCATTERED(LayerChoice.SCATTERED),
  /// One stream of kept blocks for each four neighbouring output channels.
  BLOCKS(LayerChoice.BLOCKS),
  /// All weights, zeros among them.
  DENSE(LayerChoice.DENSE),
  /// Plain loops over row-major values, which the others are compared with; slow.
  PLAIN(null);

  private final @Nullable LayerChoice layers;

  KernelChoice(@Nullable LayerChoice layers) {
    this.layers = layers;
  }

  /// Returns the choice of the kernels' package; null for plain loops.
  @Nullable LayerChoice layers() {
    return layers;
  }
}
