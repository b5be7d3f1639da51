package falcon.model.shape;

import falcon.model.Node;
import falcon.model.UnusableNodeException;
import org.jspecify.annotations.Nullable;

/// What keeps shapes from being followed through a network: a node, or an input of open size.
///
/// @param node the node; null if it is an input
/// @param problem what is wrong
/// @param advice what to do about it, one sentence
/// @param isContradiction whether the node can be run by nobody, because its options or the shapes
///     that it gets contradict each other
public record Obstacle(
    @Nullable Node node, String problem, String advice, boolean isContradiction) {
  /// Something that Falcon does not know.
  Obstacle(@Nullable Node node, String problem, String advice) {
    this(node, problem, advice, false);
  }

  /// The same as an exception.
  ///
  /// @throws IllegalStateException if it is at no node
  public UnusableNodeException refusal() {
    if (node == null) {
      throw new IllegalStateException("not a node's: " + problem);
    }
    return isContradiction
        ? UnusableNodeException.contradiction(node, problem, advice)
        : new UnusableNodeException(node, problem, advice);
  }

  /// Node with domain and problem, one line: `Fancy node 'n' (domain com.example): …`.
  @Override
  public String toString() {
    return node == null ? problem : node.labelWithDomain() + ": " + problem;
  }
}
