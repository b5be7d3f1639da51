package falcon.model;

import java.nio.file.Path;

/// A model file that cannot be used: the message says which file, what is wrong and how to remedy
/// it.
public final class MalformedModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Creates the exception for an error without a cause.
  ///
  /// @param problem the fault and its place (tensor, byte), with the values found
  /// @param advice the remedy, one sentence
  public MalformedModelException(Path path, String problem, String advice) {
    super("%s: %s%n%s".formatted(path, problem, advice));
  }

  /// Creates the exception for an error with a cause.
  public MalformedModelException(Path path, String problem, String advice, Throwable cause) {
    super("%s: %s%n%s".formatted(path, problem, advice), cause);
  }
}
