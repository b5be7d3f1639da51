package falcon.data;

import java.nio.file.Path;

/// A data folder or file that cannot be used: the message says which, what is wrong and how to mend
/// it.
public final class MalformedDataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// An error that a message tells in full.
  ///
  /// @param problem what is wrong and where, with the values found
  /// @param advice what to do about it, one sentence
  public MalformedDataException(Path path, String problem, String advice) {
    super("%s: %s%n%s".formatted(path, problem, advice));
  }

  /// As above, for an error with a cause.
  public MalformedDataException(Path path, String problem, String advice, Throwable cause) {
    super("%s: %s%n%s".formatted(path, problem, advice), cause);
  }
}
