package falcon.prune.options;

/// Hears how a run goes. Called from the thread that runs, never from two threads at once.
public interface Progress {
  /// Hears nothing.
  Progress SILENT = new Progress() {};

  /// A phase of a known number of steps begins.
  default void begin(String phase, long steps) {}

  /// The phase goes on where an earlier run was broken off, which had done so many of its steps.
  default void goOn(long done) {}

  /// So many steps of the phase are done.
  default void advance(long done) {}

  /// The phase is over.
  default void end() {}

  /// Something worth knowing.
  default void note(String message) {}

  /// Something for those who want to know the details.
  default void detail(String message) {}

  /// Something that may surprise.
  default void warn(String message) {}
}
