package falcon.prune.options;

/// Pruning stopped for a reason that the user can mend; the message says what and how. It names
/// options as [Option] writes them: `‹memory›`.
public final class PruningException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// What kind of trouble it is; decides the exit code of the command line.
  public enum Kind {
    /// Options contradict each other or do not apply.
    USAGE,
    /// The network, the data or the run directory cannot be used.
    INPUT,
    /// The budget is below what one weight costs.
    BUDGET,
    /// Memory or native library.
    MACHINE
  }

  private final Kind kind;

  /// Makes an exception.
  ///
  /// @param message complete sentences: what is wrong with the value found, where, and how to mend
  ///     it
  public PruningException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /// Makes an exception with a cause.
  ///
  /// @param message complete sentences: what is wrong with the value found, where, and how to mend
  ///     it
  public PruningException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /// Returns the kind of trouble.
  public Kind kind() {
    return kind;
  }
}
