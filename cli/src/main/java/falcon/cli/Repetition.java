package falcon.cli;

import falcon.cli.output.Console;
import falcon.prune.options.PruningException;
import falcon.prune.run.FormerRun;
import falcon.prune.run.RunDescription;
import java.util.ArrayList;
import java.util.List;

/// A repetition of a finished run: tells what is not as it was then, and whether the result is.
///
/// @param name what the former run is called: its path as typed
/// @param mayInputsDiffer whether the run is repeated with inputs of other content, too
record Repetition(String name, FormerRun former, boolean mayInputsDiffer, Console console) {

  /// Prints what differs from then.
  ///
  /// @param run the run that is about to begin
  /// @throws PruningException if inputs differ and must not
  void check(RunDescription run) {
    List<String> inputs = former.inputDifferences(run);
    var all = new ArrayList<>(former.differences(run));
    all.addAll(inputs);
    console.message(
        all.isEmpty()
            ? "repeating %s: versions, machine, inputs and options are as they were".formatted(name)
            : "repeating %s; not as it was:%n%s".formatted(name, lines(all)));
    requireInputs(inputs);
  }

  /// Requires that the inputs are those of then, unless they may differ.
  ///
  /// @param run a run with the inputs of the one that is repeated
  /// @throws PruningException if inputs differ and must not
  void requireInputs(RunDescription run) {
    requireInputs(former.inputDifferences(run));
  }

  private void requireInputs(List<String> inputs) {
    if (!inputs.isEmpty() && !mayInputsDiffer) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s was made of other inputs:%n%s%nBring them back, or say --changed-inputs to run with these."
              .formatted(name, lines(inputs)));
    }
  }

  /// Prints whether the files of the new result have the bytes of then.
  void compare(FormerRun again) {
    List<String> differences = former.fileDifferences(again);
    console.message(
        differences.isEmpty()
            ? "the same bytes as %s: %s".formatted(name, String.join(", ", former.fileNames()))
            : "other bytes than %s:%n%s".formatted(name, lines(differences)));
  }

  private static String lines(List<String> lines) {
    return String.join(System.lineSeparator(), lines);
  }
}
