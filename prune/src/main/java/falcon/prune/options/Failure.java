package falcon.prune.options;

import falcon.data.MalformedDataException;
import falcon.gradients.StorageException;
import falcon.model.MalformedModelException;
import falcon.model.UnusableNodeException;
import falcon.model.UnwritableFileException;
import falcon.torch.OutOfNodeMemoryException;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.kernel.NativeLibraryException;
import falcon.torch.kernel.Workers;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A failure, described for a user who can fix its cause.
///
/// @param kind kind of failure; null if it is a fault of Falcon itself
/// @param message complete and readable text, without a stack trace; options in it are written as
///     by [Option]
public record Failure(PruningException.@Nullable Kind kind, String message) {

  /// Maps an exception or error of this library to its kind and message.
  public static Failure of(Throwable failure) {
    long heap = Runtime.getRuntime().maxMemory();
    return switch (failure) {
      case PruningException e -> new Failure(e.kind(), text(e));
      case MalformedModelException e -> new Failure(PruningException.Kind.INPUT, text(e));
      case MalformedDataException e -> new Failure(PruningException.Kind.INPUT, text(e));
      case UnwritableFileException e -> new Failure(PruningException.Kind.INPUT, text(e));
      case UnusableNodeException e -> new Failure(PruningException.Kind.INPUT, text(e));
      case UnsupportedNetworkException e -> new Failure(PruningException.Kind.INPUT, text(e));
      case StorageException e -> new Failure(PruningException.Kind.MACHINE, text(e));
      case NativeLibraryException e -> new Failure(PruningException.Kind.MACHINE, text(e));
      case OutOfMemoryError e when Workers.isRefusedThread(e) ->
          new Failure(
              PruningException.Kind.MACHINE,
              "The system refuses another thread: %s.%nTake fewer (%s), or allow more processes (ulimit -u) or memory."
                  .formatted(firstLine(e), Option.THREADS));
      case OutOfNodeMemoryException e -> new Failure(PruningException.Kind.MACHINE, text(e));
      case OutOfMemoryError e ->
          new Failure(
              PruningException.Kind.MACHINE,
              "There is too little memory: %s.%nThe Java heap may grow to %d MiB, further with FALCON_HEAP=%dg."
                  .formatted(firstLine(e), heap >> 20, ((2 * heap) >> 30) + 1));
      case RuntimeException e when isFailedAllocation(e) ->
          new Failure(
              PruningException.Kind.MACHINE,
              "There is too little memory: %s.%nFewer threads (%s 1) hold less at a time."
                  .formatted(firstLine(e), Option.THREADS));
      default ->
          new Failure(null, "%s: %s".formatted(failure.getClass().getName(), firstLine(failure)));
    };
  }

  /// Returns whether memory could not be allocated, which libtorch reports like any other failure,
  /// in the first line of its text.
  private static boolean isFailedAllocation(RuntimeException e) {
    String line = firstLine(e).toLowerCase(Locale.ROOT);
    return line.contains("not enough memory") || line.contains("can't allocate memory");
  }

  private static String text(Throwable failure) {
    return failure.getMessage() == null ? failure.getClass().getName() : failure.getMessage();
  }

  private static String firstLine(Throwable failure) {
    return text(failure).lines().findFirst().orElse("no message");
  }
}
