package falcon.torch;

/// The network holds something that cannot be executed here: the message names node and operator.
public final class UnsupportedNetworkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UnsupportedNetworkException(String message) {
    super(message);
  }

  UnsupportedNetworkException(String message, Throwable cause) {
    super(message, cause);
  }
}
