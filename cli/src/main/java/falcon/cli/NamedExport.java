package falcon.cli;

import falcon.model.Network;
import falcon.model.format.StateDicts;
import falcon.prune.StateDictExport;
import falcon.prune.options.PruningException;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.run.RunDescription;
import falcon.prune.storage.InputFile;
import java.nio.file.Path;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/// Writes each finished run of a command under the names of a state dict, too.
final class NamedExport {
  private final Path names;
  private final StateDictExport export;

  private NamedExport(Path names, StateDictExport export) {
    this.names = names;
    this.export = export;
  }

  /// Finds the names of all tensors that will be pruned, before a run.
  ///
  /// @param names file of the state dict; null if nothing is to be written
  /// @return null if nothing is to be written
  /// @throws PruningException if a tensor is in none of the state dict's
  static @Nullable NamedExport of(
      @Nullable Path names, Network dense, Collection<PruningPlan> plans) {
    if (names == null) {
      return null;
    }
    StateDictExport export = StateDictExport.of(dense, StateDicts.read(names));
    for (PruningPlan plan : plans) {
      export.require(plan.layers().stream().map(PruningPlan.PrunableLayer::name).toList());
    }
    return new NamedExport(names, export);
  }

  /// Checks that the files of a run can be written; writes nothing.
  ///
  /// @throws PruningException if they cannot
  void requireFree(Path directory, RunDescription run, boolean mayReplace) {
    new StateDictTask(names, false)
        .requireFree(directory, run.inputs().stream().map(InputFile::path).toList(), mayReplace);
  }

  /// Writes the files of a finished run.
  ///
  /// @param pruned the network; null if it was pruned before and is in the folder
  /// @return lines about it
  String write(@Nullable PrunedNetwork pruned, Path directory) {
    var task = new StateDictTask(names, false);
    try {
      StateDictOutput written =
          pruned == null
              ? task.export(directory, null, null, true)
              : task.write(export.export(pruned), directory);
      return "%n%s".formatted(written.text());
    } catch (PruningException e) {
      throw new PruningException(
          e.kind(),
          "The run in %s is done, but cannot be written under the names of %s.%n%s"
              .formatted(directory, names, e.getMessage()),
          e);
    }
  }
}
