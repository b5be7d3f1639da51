package falcon.prune.options;

/// Listener to the progress of a run. Called from the thread that runs, never from two threads at
/// once. All methods do nothing unless they are overridden:
///
/// ```java
/// Progress progress =
///     new Progress() {
///       @Override
///       public void note(String message) {
///         System.out.println(message);
///       }
///     };
/// Falcon.prune(Networks.read(Path.of("demo/resnet20_fmnist.safetensors")), BudgetRequest.nnz(0.5))
///     .progress(progress)
///     .run();
/// ```
public interface Progress {
  /// Ignores all events.
  Progress SILENT = new Progress() {};

  /// Receives the begin of a phase.
  ///
  /// @param phase its name, a word or two
  /// @param steps number of its steps, 0 or more
  default void begin(String phase, long steps) {}

  /// Receives that the phase goes on where an earlier run was interrupted.
  ///
  /// @param done number of steps that the earlier run had done
  default void goOn(long done) {}

  /// Receives how long the phase will take, before it is far enough to tell.
  ///
  /// @param seconds from now to its end, an estimate
  default void expect(double seconds) {}

  /// Receives how far the phase is.
  ///
  /// @param done number of steps that are done, of all that [#begin] named
  default void advance(long done) {}

  /// Receives the end of the phase.
  default void end() {}

  /// Receives a message that is worth knowing, one line.
  default void note(String message) {}

  /// Receives a message for those who want to know the details, one line.
  default void detail(String message) {}

  /// Receives a warning: what may surprise, and what can be done about it.
  default void warn(String message) {}
}
