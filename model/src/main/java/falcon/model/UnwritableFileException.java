package falcon.model;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A file that could not be written; what was there before is unchanged.
public final class UnwritableFileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Says which file, why, and what to do about it.
  public UnwritableFileException(Path path, IOException cause) {
    super(
        "%s: cannot be written: %s%nNothing was changed. %s"
            .formatted(path, reason(cause), advice(cause)),
        cause);
  }

  /// For a file that would have been wrong whatever the disk.
  ///
  /// @param problem what is wrong, with the values found
  /// @param advice what to do about it, one sentence
  public UnwritableFileException(Path path, String problem, String advice) {
    super("%s: cannot be written: %s%nNothing was changed. %s".formatted(path, problem, advice));
  }

  private static String reason(IOException cause) {
    return switch (cause) {
      case NoSuchFileException _ -> "there is no such folder";
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException e when e.getReason() != null -> e.getReason();
      default -> cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    };
  }

  private static String advice(IOException cause) {
    return switch (cause) {
      case NoSuchFileException _ -> "Make the folder first.";
      case AccessDeniedException _ -> "Choose a folder that you may write to.";
      default -> "Check the free space of that disk, or choose another folder.";
    };
  }
}
