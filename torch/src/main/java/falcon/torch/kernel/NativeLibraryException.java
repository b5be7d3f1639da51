package falcon.torch.kernel;

/// Libtorch could not be made ready: the message says why and what to do.
public final class NativeLibraryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NativeLibraryException(String message, Throwable cause) {
    super(message, cause);
  }

  public NativeLibraryException(String message) {
    super(message);
  }
}
