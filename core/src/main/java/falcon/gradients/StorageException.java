package falcon.gradients;

import java.io.IOException;

/// The gradient matrix could not be kept in its file; the message says where, why and how to remedy
/// it.
public final class StorageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StorageException(String place, long neededBytes, IOException cause) {
    super(
        "The gradient matrix, %s in all, cannot be kept in %s: %s.%nFree some room there, name a folder on another disk, or take fewer samples."
            .formatted(Bytes.text(neededBytes), place, cause.getMessage()),
        cause);
  }
}
