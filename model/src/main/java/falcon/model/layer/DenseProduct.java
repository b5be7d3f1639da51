package falcon.model.layer;

import falcon.model.Node;
import org.jspecify.annotations.Nullable;

/// A product that pruning makes no cheaper: of two activations (attention's `QKᵀ` and `AV`), or
/// with weights that are computed, quantised or otherwise out of reach.
///
/// @param node the operator
/// @param macs multiply-accumulates for one example, 0 if they are not known
/// @param uncountedReason why they are not known; null if they are
/// @param reason why nothing of it is pruned
public record DenseProduct(Node node, long macs, @Nullable String uncountedReason, String reason) {

  /// Whether the multiply-accumulates are known.
  public boolean isCounted() {
    return uncountedReason == null;
  }
}
