package falcon.prune.options;

/// A listener to the progress of a run. It is called from the run's thread, never from two threads
/// at once. All methods do nothing unless they are overridden:
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

  /// Receives the start of a phase.
  ///
  /// @param phase name of the phase, a word or two
  /// @param steps number of its steps, 0 or more
  default void begin(String phase, long steps) {}

  /// Receives notice that the phase continues where an earlier run was interrupted.
  ///
  /// @param done number of steps that the earlier run had done
  default void goOn(long done) {}

  /// Receives how long the phase will take, before it is far enough to tell.
  ///
  /// @param seconds from now to its end, an estimate
  default void expect(double seconds) {}

  /// Receives the number of finished steps of the phase.
  ///
  /// @param done number of finished steps, out of those given to [#begin]
  default void advance(long done) {}

  /// Receives the end of the phase.
  default void end() {}

  /// Receives a one-line message of general interest.
  default void note(String message) {}

  /// Receives a one-line message with details for interested users.
  default void detail(String message) {}

  /// Receives a warning: a possible surprise, and its remedy.
  default void warn(String message) {}
}
