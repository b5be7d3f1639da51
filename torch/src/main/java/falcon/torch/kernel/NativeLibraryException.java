package falcon.torch.kernel;

/// Libtorch could not be prepared: the message gives reason and remedy.
public final class NativeLibraryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Creates the exception with its whole message and a cause.
  public NativeLibraryException(String message, Throwable cause) {
    super(message, cause);
  }

  /// Creates the exception with its whole message.
  public NativeLibraryException(String message) {
    super(message);
  }
}
