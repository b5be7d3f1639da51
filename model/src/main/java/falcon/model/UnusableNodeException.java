package falcon.model;

/// A node that cannot be worked with: its operator is unknown, or it does not fit what it is given.
/// The message names node, domain, problem and what to do.
public final class UnusableNodeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String problem;
  private final String advice;

  /// Makes the message.
  ///
  /// @param problem what is wrong, with the values found
  /// @param advice what to do about it, one sentence
  public UnusableNodeException(Node node, String problem, String advice) {
    super("%s: %s%n%s".formatted(node.labelWithDomain(), problem, advice));
    this.problem = problem;
    this.advice = advice;
  }

  /// What is wrong, with the values found.
  public String problem() {
    return problem;
  }

  /// What to do about it, one sentence.
  public String advice() {
    return advice;
  }
}
