package falcon.runtime.kernel;

/// The kernel of a layer.
public enum LayerChoice {
  /// The one of the least estimated cost.
  AUTO,
  /// One stream of offsets and weights per output channel.
  SCATTERED,
  /// One stream of offsets and four weights per four neighbouring output channels of a group; an
  /// offset is left out where all four weights are zero.
  BLOCKS,
  /// Blocks in which no weight is left out.
  DENSE
}
