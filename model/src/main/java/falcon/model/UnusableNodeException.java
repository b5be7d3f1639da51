package falcon.model;

/// A node that cannot be worked with: its operator is unknown, or it does not fit what it is given.
/// The message names node, domain, problem and what to do.
public final class UnusableNodeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Makes the message.
  ///
  /// @param problem what is wrong, with the values found
  /// @param advice what to do about it, one sentence
  public UnusableNodeException(Node node, String problem, String advice) {
    super(
        "%s (domain %s): %s%n%s"
            .formatted(
                node.label(),
                node.domain().isEmpty() ? "ai.onnx" : node.domain(),
                problem,
                advice));
  }
}
