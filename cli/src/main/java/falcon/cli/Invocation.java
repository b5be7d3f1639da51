package falcon.cli;

import falcon.cli.option.RunFolderOptions;
import falcon.cli.output.Flags;
import falcon.cli.output.ShellWords;
import falcon.model.Network;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.PruningPlan;
import falcon.prune.run.RunDescription;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A command with its options, and where it came from.
///
/// @param typed the words that were typed
/// @param words the words of the command: those that were typed, with those of files in their
///     places, or those of the run that is repeated
/// @param folder the folder that relative paths in `words` start from; null for the working folder
/// @param repetition the run that is repeated; null if none is
record Invocation(
    List<String> typed,
    List<String> words,
    @Nullable Path folder,
    @Nullable Repetition repetition) {

  /// How Falcon is called; the launcher knows it.
  static final String PROGRAM = System.getProperty("falcon.command", "./falcon");

  /// Copies the lists.
  Invocation {
    typed = List.copyOf(typed);
    words = List.copyOf(words);
  }

  /// Returns a command as it was typed.
  static Invocation of(String... typed) {
    List<String> words = List.of(typed);
    return new Invocation(words, OptionsFiles.expanded(words), null, null);
  }

  /// Returns whether a failure is to be shown with its place in the code.
  boolean isDebug() {
    return words.contains("--debug");
  }

  /// Returns the command for a shell in [#workingFolder].
  String command() {
    return line(escaped());
  }

  /// Returns the absolute path of the folder that relative paths of the command start from.
  Path workingFolder() {
    return folder == null ? Path.of("").toAbsolutePath() : folder;
  }

  /// Begins the description of a run of this command.
  ///
  /// @param place what the command says of the run's folder
  RunDescription.Builder describing(
      Network network, PruningPlan plan, PruningOptions options, RunFolderOptions place) {
    return RunDescription.builder(network, plan, options)
        .command(command())
        .folder(workingFolder())
        .wording(Flags::in)
        .report(place.hasReport());
  }

  /// Returns the command that goes on with the run, for the same shell.
  String resumption() {
    var again = new ArrayList<>(repetition == null ? escaped() : typed);
    again.removeIf(word -> word.equals("--force") || word.equals("--resume"));
    again.add("--resume");
    return line(again);
  }

  private List<String> escaped() {
    return words.stream().map(OptionsFiles::escaped).toList();
  }

  private static String line(List<String> words) {
    return PROGRAM + " " + ShellWords.line(words);
  }
}
