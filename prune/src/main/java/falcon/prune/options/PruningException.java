package falcon.prune.options;

/// Reports that pruning stopped for a reason that the user can fix; the message states the reason
/// and the remedy. It names options as written by [Option]: `‹memory›`.
public final class PruningException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// The kind of failure; decides the exit code of the command line.
  public enum Kind {
    /// Options contradict each other or do not apply.
    USAGE,
    /// The network, the data or the run directory cannot be used.
    INPUT,
    /// The budget is below the cost of one weight.
    BUDGET,
    /// The memory is too small, or a native library fails.
    MACHINE
  }

  private final Kind kind;

  /// Creates an exception.
  ///
  /// @param message complete sentences: what is wrong with the value found, where, and how to fix
  ///     it
  public PruningException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /// Creates an exception with a cause.
  ///
  /// @param message complete sentences: what is wrong with the value found, where, and how to fix
  ///     it
  public PruningException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /// Returns the kind of failure.
  public Kind kind() {
    return kind;
  }
}
