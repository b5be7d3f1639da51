package falcon.model;

/// A node that cannot be used: its operator is unknown, or it does not fit its inputs. The message
/// names the file (where the network was read from one), node, domain, problem and remedy.
public final class UnusableNodeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String label;
  private final String problem;
  private final String advice;
  private final boolean isContradiction;

  /// Creates the exception with its message.
  ///
  /// @param problem the fault, with the values found
  /// @param advice the remedy, one sentence
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

  /// Returns the exception for a node that is contradictory, so that no program could execute it.
  ///
  /// @param problem the fault, with the values found
  /// @param advice the remedy, one sentence
  public static UnusableNodeException contradiction(Node node, String problem, String advice) {
    return new UnusableNodeException(node.labelWithDomain(), problem, advice, true);
  }

  /// Returns this exception with the file that the network was read from in front of its message.
  public UnusableNodeException in(Network network) {
    String prefix = network.place();
    if (label.startsWith(prefix)) {
      return this;
    }
    var placed = new UnusableNodeException(prefix + label, problem, advice, isContradiction);
    placed.initCause(this);
    return placed;
  }

  /// Returns the problem, with the values found.
  public String problem() {
    return problem;
  }

  /// Returns the remedy, one sentence.
  public String advice() {
    return advice;
  }

  /// Returns whether no program could execute the node, since its options or input shapes
  /// contradict each other. Otherwise Falcon does not know the operator, or a value that determines
  /// the shape.
  public boolean isContradiction() {
    return isContradiction;
  }
}
