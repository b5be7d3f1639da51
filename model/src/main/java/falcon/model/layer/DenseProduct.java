package falcon.model.layer;

import falcon.model.Node;
import org.jspecify.annotations.Nullable;

/// A product whose cost pruning does not reduce: of two activations (attention's `QKᵀ` and `AV`),
/// or with weights that are computed, quantised or otherwise inaccessible.
///
/// @param node the operator
/// @param macs multiply-accumulates for one example, 0 if they are not known
/// @param uncountedReason why they are not known; null if they are
/// @param reason why nothing of it is pruned
public record DenseProduct(Node node, long macs, @Nullable String uncountedReason, String reason) {

  /// Returns whether the multiply-accumulates are known.
  public boolean isCounted() {
    return uncountedReason == null;
  }
}
