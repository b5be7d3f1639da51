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
import falcon.prune.page.RunResult;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.DropLimit;
import falcon.prune.run.OutputFolder;
import falcon.prune.run.RunDescription;
import falcon.prune.run.SweepFolder;
import falcon.torch.execution.QualityDrop;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// The runs by which the smallest budget within a greatest drop is found, each in a folder of its
/// own.
///
/// @param nnz the rule for the number of weights
/// @param isCounted whether MACs are known; if not, shares are of the weights
/// @param runs prints nothing of each
/// @param place the folder that holds those of the runs
/// @param folder the sweep that the runs belong to
/// @param descriptions describes a run
record DropTrials(
    Sweep sweep,
    NnzRule nnz,
    boolean isCounted,
    Runs runs,
    OutputFolder place,
    SweepFolder folder,
    BiFunction<Pruning, PruningPlan, RunDescription> descriptions) {

  /// Searches for the budget.
  ///
  /// @param isTested whether each run reads the test samples
  /// @throws PruningException if no budget is within the drop
  DropLimit find(Drop most, List<Amount> made, boolean isTested) {
    var known = new ArrayList<DropLimit.Trial>();
    for (Amount amount : made) {
      if (amount instanceof Amount.Share share) {
        known.add(
            DropLimit.Trial.of(share, drop(path(share)), most.points()));
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
    QualityDrop drop = nearest == null ? null : nearest.drop();
    return "No budget below 100%% is within %s %s%% beyond chance%s.%nAllow a greater drop, or prune more thoroughly (%s)."
        .formatted(
            Option.MAX_DROP,
            Drop.text(limit.most()),
            nearest == null || drop == null
                ? ""
                : ": at %s it is %.2f points on %,d held-out samples, and may be %.2f"
                    .formatted(nearest.share(), drop.points(), drop.samples(), drop.high()),
            Option.EFFORT);
  }

  /// Returns the folder of the run with a budget.
  Path path(Amount share) {
    return place.directory().resolve(RunFolderOptions.name(share));
  }

  /// Returns a budget's request.
  BudgetRequest request(Amount.Share share) {
    return isCounted
        ? new BudgetRequest(share, nnz)
        : new BudgetRequest(new Amount.Share(1), new NnzRule.Limit(share));
  }

  private @Nullable QualityDrop attempt(Amount.Share share, boolean isTested) {
    Pruning pruning = sweep.trial(request(share), isTested);
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
    runs.all(
        Map.of(share, new OutputFolder(path(share), place.inputs(), place.mayHoldOthers())),
        _ -> descriptions.apply(pruning, plan),
        (_, directory) ->
            pruning.stages(directory.stages()).progress(runs.heard(directory)).run(),
        (_, _, _) -> "");
    folder.write();
    return drop(path(share));
  }

  private static @Nullable QualityDrop drop(Path run) {
    return RunResult.read(run).drop();
  }
}
