package falcon.torch;

import falcon.model.Node;

/// The network holds something that cannot be executed here: the message names node and operator.
public final class UnsupportedNetworkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UnsupportedNetworkException(String message) {
    super(message);
  }

  /// A node that cannot be executed.
  ///
  /// @param why in a few words, without a full stop
  public static UnsupportedNetworkException of(Node node, String why) {
    return new UnsupportedNetworkException(
        "%s cannot be executed: %s.".formatted(node.label(), why));
  }

  public UnsupportedNetworkException(String message, Throwable cause) {
    super(message, cause);
  }
}
