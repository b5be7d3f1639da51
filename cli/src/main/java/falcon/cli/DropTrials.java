package falcon.cli;

import falcon.cli.option.Drop;
import falcon.cli.option.RunFolderOptions;
import falcon.prune.DropSearch;
import falcon.prune.Pruning;
import falcon.prune.Sweep;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.NnzRule;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.options.ResourceRequest;
import falcon.prune.page.RunResult;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.DropEstimate;
import falcon.prune.report.DropLimit;
import falcon.prune.report.Stage;
import falcon.prune.run.OutputFolder;
import falcon.prune.run.RunDescription;
import falcon.prune.run.RunDirectory;
import falcon.prune.run.StageFolder;
import falcon.prune.run.StageStore;
import falcon.prune.run.SweepFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// The runs by which the smallest budget within a greatest drop is found, each in a folder of its
/// own.
final class DropTrials {
  /// The folder of the trials of a single run.
  private static final String TRIALS = "trials";

  private final OutputFolder place;
  private final SweepFolder folder;
  private final Work work;

  /// @param place the folder that holds those of the runs
  /// @param folder the sweep that the runs belong to
  DropTrials(OutputFolder place, SweepFolder folder, Work work) {
    this.place = place;
    this.folder = folder;
    this.work = work;
  }

  /// How the runs are made.
  ///
  /// @param nnz the rule for the number of weights
  /// @param resources budgets of further resources, of every run
  /// @param isCounted whether MACs are known; if not, shares are of the weights
  /// @param runs prints nothing of each
  /// @param descriptions describes a run
  record Work(
      Sweep sweep,
      NnzRule nnz,
      List<ResourceRequest> resources,
      boolean isCounted,
      Runs runs,
      BiFunction<Pruning, PruningPlan, RunDescription> descriptions) {}

  /// Prepares trials in a folder below that of the run that they are for.
  ///
  /// @param whole the folder of that run
  /// @param any a description of it with any budget
  /// @throws PruningException if the folders are not free, or hold runs that must not be changed
  static DropTrials below(
      OutputFolder whole, Drop most, Work work, RunFolderOptions options, RunDescription any) {
    Path directory = whole.directory().resolve(TRIALS);
    boolean isBegun = SweepFolder.isSweep(directory);
    var place = new OutputFolder(directory, whole.inputs(), whole.mayHoldOthers());
    var identity = new LinkedHashMap<String, String>();
    identity.put("max-drop", Drop.text(most.points()));
    identity.put("nnz", work.nnz().toString());
    var description =
        new SweepFolder.Description(
            "trials of " + whole.directory().getFileName(), identity, List.of(), false);
    if (!options.isResumed() && !isBegun) {
      RunDirectory.check(whole, any, options.existing());
    }
    SweepFolder.check(place, description, options.existing());
    return new DropTrials(place, SweepFolder.open(place, description, options.existing()), work);
  }

  /// Searches for the budget.
  ///
  /// @param made budgets that are pruned to already
  /// @param isTested whether each run reads the test samples
  /// @throws PruningException if no budget is within the drop
  DropLimit find(Drop most, List<Amount> made, boolean isTested) {
    var known = new ArrayList<DropLimit.Trial>();
    for (Amount amount : made) {
      if (amount instanceof Amount.Share share) {
        known.add(DropLimit.Trial.of(share, drop(path(share)), most.points()));
      }
    }
    DropLimit limit =
        new DropSearch(most.points()).search(known, share -> attempt(share, isTested));
    DropLimit.Trial smallest = limit.smallest();
    folder.fulfilledBy(smallest == null ? null : RunFolderOptions.name(smallest.share()));
    folder.write();
    if (smallest == null) {
      throw new PruningException(PruningException.Kind.BUDGET, none(limit));
    }
    return limit;
  }

  private static String none(DropLimit limit) {
    DropLimit.Trial nearest = limit.next();
    DropEstimate drop = nearest == null ? null : nearest.drop();
    return "No budget below 100%% is within %s %s%% beyond chance%s.%nAllow a greater drop, or prune more thoroughly (%s)."
        .formatted(
            Option.MAX_DROP,
            limit.mostText(),
            nearest == null || drop == null
                ? ""
                : ": at %s it is %.2f points on %,d held-out samples, and may be %.2f"
                    .formatted(nearest.share(), drop.points(), drop.samples(), drop.high()),
            Option.EFFORT);
  }

  /// Prunes to the budget that was found, from the stages of its trial, in the folder that the
  /// trials are below.
  ///
  /// @param runs prints the result
  /// @param whole the folder of the run
  void finish(DropLimit limit, Runs runs, OutputFolder whole, boolean isTested, Runs.Words text) {
    Amount.Share share = Objects.requireNonNull(limit.smallest()).share();
    Pruning pruning = work.sweep().trial(request(share), isTested).dropLimit(limit);
    PruningPlan plan = pruning.plan();
    runs.all(
        Map.of(share, new OutputFolder(whole.directory(), whole.inputs(), true)),
        _ -> work.descriptions().apply(pruning, plan),
        (_, directory) -> {
          StageStore own = directory.stages();
          if (own.finished().isEmpty()) {
            trial(share, pruning, plan).forEach(own::save);
          }
          return pruning.stages(own).progress(runs.heard(directory)).run();
        },
        text);
  }

  private List<Stage> trial(Amount.Share share, Pruning pruning, PruningPlan plan) {
    return new StageFolder(
            path(share).resolve(StageFolder.PARENT), pruning.network(), plan.layers())
        .finished();
  }

  private Path path(Amount share) {
    return place.directory().resolve(RunFolderOptions.name(share));
  }

  private BudgetRequest request(Amount.Share share) {
    return work.isCounted()
        ? new BudgetRequest(share, work.nnz(), work.resources())
        : new BudgetRequest(new Amount.Share(1), new NnzRule.Limit(share), work.resources());
  }

  private @Nullable DropEstimate attempt(Amount.Share share, boolean isTested) {
    Pruning pruning = work.sweep().trial(request(share), isTested);
    PruningPlan plan;
    try {
      plan = pruning.plan();
    } catch (PruningException e) {
      if (e.kind() == PruningException.Kind.BUDGET) {
        return null;
      }
      throw e;
    }
    folder.add(RunFolderOptions.name(share));
    work.runs()
        .all(
            Map.of(share, new OutputFolder(path(share), place.inputs(), place.mayHoldOthers())),
            _ -> work.descriptions().apply(pruning, plan),
            (_, directory) ->
                pruning.stages(directory.stages()).progress(work.runs().heard(directory)).run(),
            (_, _, _) -> "");
    folder.write();
    return drop(path(share));
  }

  private static @Nullable DropEstimate drop(Path run) {
    return RunResult.read(run).drop();
  }
}
