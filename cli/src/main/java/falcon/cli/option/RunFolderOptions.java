package falcon.cli.option;

import falcon.prune.options.Amount;
import falcon.prune.run.OutputFolder;
import falcon.prune.run.RunDirectory;
import falcon.prune.storage.InputPlaces;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options for the folders of runs and the treatment of existing ones.
public final class RunFolderOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Run directory to make: a folder that is empty or not there yet. With several budgets each gets a"
              + " folder in it (r30 for 30%%).")
  private @Nullable Path out;

  @Option(
      names = "--resume",
      description =
          "Go on with the run in --out that was interrupted; ends with the same bits. A finished run is"
              + " checked instead: all its files must be as they were written.")
  private boolean isResumed;

  @Option(
      names = "--force",
      description =
          "Replace the run that is in --out. It stays as it is until the new one is complete; files that"
              + " Falcon did not write are never replaced or removed.")
  private boolean isForced;

  @Option(
      names = "--allow-non-empty",
      description =
          "Let --out be a folder that holds other files; they stay as they are, and a file in the way is"
              + " still an error.")
  private boolean mayHoldOthers;

  @Option(
      names = "--no-report",
      description = "Do not write report.html and report.md beside result.json.")
  private boolean isReportLeftOut;

  /// Returns whether reports are written beside the result.
  public boolean hasReport() {
    return !isReportLeftOut;
  }

  /// Returns whether `--out` was typed.
  public boolean isGiven() {
    return out != null;
  }

  /// Requires that `--out` was typed.
  ///
  /// @throws ParameterException if it was not
  public void requireGiven() {
    if (!isGiven()) {
      throw new ParameterException(spec.commandLine(), "where to? Say --out DIR");
    }
  }

  /// Requires that a run is not to be continued and replaced at once.
  ///
  /// @throws ParameterException if it is
  public void requireOneWay() {
    if (isResumed && isForced) {
      throw new ParameterException(
          spec.commandLine(), "--resume goes on with a run, --force replaces it; say one of them");
    }
  }

  /// Returns whether an interrupted run is continued.
  public boolean isResumed() {
    return isResumed;
  }

  /// Returns whether an existing run is replaced.
  public boolean isForced() {
    return isForced;
  }

  /// Returns the treatment of an existing run.
  public RunDirectory.Existing existing() {
    if (isResumed) {
      return RunDirectory.Existing.RESUME;
    }
    return isForced ? RunDirectory.Existing.REPLACE : RunDirectory.Existing.REFUSE;
  }

  /// Returns the folder of each run: that of `--out`, or for several budgets one folder per budget
  /// inside it.
  ///
  /// @throws falcon.prune.options.PruningException if runs would be among other files there
  public Map<Amount, OutputFolder> forEach(List<Amount> budgets, InputPlaces inputs) {
    OutputFolder all = only(inputs);
    if (budgets.size() == 1) {
      return Map.of(budgets.getFirst(), all);
    }
    List<String> names = budgets.stream().map(RunFolderOptions::name).toList();
    all.requireParentOf(names);
    var folders = new LinkedHashMap<Amount, OutputFolder>();
    for (Amount budget : budgets) {
      folders.put(
          budget, new OutputFolder(all.directory().resolve(name(budget)), inputs, mayHoldOthers));
    }
    return folders;
  }

  /// Returns the folder of `--out` itself.
  public OutputFolder only(InputPlaces inputs) {
    if (out == null) {
      throw new IllegalStateException("there is no --out");
    }
    return new OutputFolder(out, inputs, mayHoldOthers);
  }

  /// Returns the name of the folder of one of several runs.
  public static String name(Amount budget) {
    return "r" + budget.toString().replace("%", "");
  }
}
