package falcon.model;

/// A node that cannot be worked with: its operator is unknown, or it does not fit what it is given.
/// The message names file (where the network was read from one), node, domain, problem and what to
/// do.
public final class UnusableNodeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String label;
  private final String problem;
  private final String advice;
  private final boolean isContradiction;

  /// Makes the message.
  ///
  /// @param problem what is wrong, with the values found
  /// @param advice what to do about it, one sentence
  public UnusableNodeException(Node node, String problem, String advice) {
    this(node.labelWithDomain(), problem, advice, false);
  }

  private UnusableNodeException(
      String label, String problem, String advice, boolean isContradiction) {
    super("%s: %s%n%s".formatted(label, problem, advice));
    this.label = label;
    this.problem = problem;
    this.advice = advice;
    this.isContradiction = isContradiction;
  }

  /// A node that asks for something that cannot be, whoever runs it.
  ///
  /// @param problem what is wrong, with the values found
  /// @param advice what to do about it, one sentence
  public static UnusableNodeException contradiction(Node node, String problem, String advice) {
    return new UnusableNodeException(node.labelWithDomain(), problem, advice, true);
  }

  /// The same, with the file that the network was read from before it.
  public UnusableNodeException in(Network network) {
    String prefix = network.place();
    if (label.startsWith(prefix)) {
      return this;
    }
    var placed = new UnusableNodeException(prefix + label, problem, advice, isContradiction);
    placed.initCause(this);
    return placed;
  }

  /// What is wrong, with the values found.
  public String problem() {
    return problem;
  }

  /// What to do about it, one sentence.
  public String advice() {
    return advice;
  }

  /// Whether the node can be run by nobody: its options or the shapes that it gets contradict each
  /// other. Otherwise Falcon does not know the operator, or what decides the shape.
  public boolean isContradiction() {
    return isContradiction;
  }
}
