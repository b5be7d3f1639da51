package falcon.model.shape;

import falcon.model.Node;
import falcon.model.UnusableNodeException;
import org.jspecify.annotations.Nullable;

/// An obstacle to shape inference: a node, or an input of open size.
///
/// @param node the node; null if it is an input
/// @param problem what is wrong
/// @param advice what to do about it, one sentence
/// @param isContradiction whether no implementation can run the node, because its attributes or the
///     shapes of its inputs contradict each other
public record Obstacle(
    @Nullable Node node, String problem, String advice, boolean isContradiction) {
  /// Creates an obstacle that is not a contradiction: something that Falcon does not know.
  Obstacle(@Nullable Node node, String problem, String advice) {
    this(node, problem, advice, false);
  }

  /// Returns the obstacle as an exception.
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

  /// Returns the node with its domain and the problem in one line:
  /// `Fancy node 'n' (domain com.example): …`.
  @Override
  public String toString() {
    return node == null ? problem : node.labelWithDomain() + ": " + problem;
  }
}
