package falcon.torch;

/// A node of the network needs more memory than the machine has left: the message names node,
/// operator, shapes and, where libtorch tells, how much it asked for.
public final class OutOfNodeMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OutOfNodeMemoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
