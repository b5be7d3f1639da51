package falcon.torch;

import falcon.model.Node;

/// The network holds something that cannot be executed here: the message names node and operator.
public final class UnsupportedNetworkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Creates the exception with its whole message.
  public UnsupportedNetworkException(String message) {
    super(message);
  }

  /// Returns the exception for a node that cannot be executed.
  ///
  /// @param why the reason in a few words, without a full stop
  public static UnsupportedNetworkException of(Node node, String why) {
    return new UnsupportedNetworkException(
        "%s cannot be executed: %s.".formatted(node.label(), why));
  }

  /// Creates the exception with its whole message and a cause.
  public UnsupportedNetworkException(String message, Throwable cause) {
    super(message, cause);
  }
}
