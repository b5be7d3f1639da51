package falcon.torch;

/// A node of the network needs more memory than the machine has left: the message names node,
/// operator, shapes and, where libtorch reports it, the amount requested.
public final class OutOfNodeMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Creates the exception with its whole message and libtorch's failure.
  public OutOfNodeMemoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
