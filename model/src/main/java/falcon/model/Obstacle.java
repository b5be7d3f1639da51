package falcon.model;

import org.jspecify.annotations.Nullable;

/// What keeps shapes from being followed through a network: a node, or an input of open size.
///
/// @param node the node; null if it is an input
/// @param problem what is wrong
/// @param advice what to do about it, one sentence
public record Obstacle(@Nullable Node node, String problem, String advice) {
  /// Node with domain and problem, one line: `Fancy node 'n' (domain com.example): …`.
  @Override
  public String toString() {
    return node == null ? problem : node.labelWithDomain() + ": " + problem;
  }
}
