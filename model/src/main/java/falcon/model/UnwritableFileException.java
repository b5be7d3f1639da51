package falcon.model;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;

/// A file or folder that could not be written. The message makes no statement about other files,
/// which may have been written before.
public final class UnwritableFileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Creates the exception with file, cause and remedy.
  public UnwritableFileException(Path path, IOException cause) {
    super("%s: cannot be written: %s%n%s".formatted(path, reason(cause), advice(cause)), cause);
  }

  /// Creates the exception with a statement about the present content of the path.
  ///
  /// @param state state of the path and of files that belong to it, a sentence or more
  public UnwritableFileException(Path path, IOException cause, String state) {
    super(
        "%s: cannot be written: %s%n%s %s".formatted(path, reason(cause), state, advice(cause)),
        cause);
  }

  /// Creates the exception for a file whose content would be wrong on any disk.
  ///
  /// @param problem the fault, with the values found
  /// @param advice the remedy, one sentence
  public UnwritableFileException(Path path, String problem, String advice) {
    super("%s: cannot be written: %s%n%s".formatted(path, problem, advice));
  }

  private static String reason(IOException cause) {
    return switch (cause) {
      case NoSuchFileException _ -> "there is no such folder";
      case AccessDeniedException _ -> "permission denied";
      case FileAlreadyExistsException e -> "%s is in the way".formatted(e.getFile());
      case NotDirectoryException e -> "%s is no folder".formatted(e.getFile());
      case FileSystemException e when e.getReason() != null -> e.getReason();
      default -> cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    };
  }

  private static String advice(IOException cause) {
    return switch (cause) {
      case NoSuchFileException _ -> "Make the folder first.";
      case AccessDeniedException _ -> "Choose a folder that you may write to.";
      case FileAlreadyExistsException _, NotDirectoryException _ ->
          "Move that away, or choose another folder.";
      default ->
          isForbidden(reason(cause).toLowerCase(Locale.ROOT))
              ? "Choose a folder that you may write to."
              : "Check the free space of that disk, or choose another folder.";
    };
  }

  private static boolean isForbidden(String reason) {
    return reason.contains("read-only") || reason.contains("not permitted");
  }
}
