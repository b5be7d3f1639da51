package falcon.cli;

import falcon.model.Network;
import falcon.model.format.StateDicts;
import falcon.prune.StateDictExport;
import falcon.prune.options.PruningException;
import falcon.prune.run.FinishedRun;
import falcon.prune.run.StateDictFiles;
import falcon.prune.storage.InputPlaces;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Writes the result of a run under the names of a state dict.
///
/// @param like file of the state dict
/// @param isPartial whether tensors that are not found are left out
record StateDictTask(Path like, boolean isPartial) {

  /// Checks that the files can be written to a folder; writes nothing.
  ///
  /// @param inputs files that are read
  /// @throws PruningException if they cannot
  void requireFree(Path directory, List<Path> inputs, boolean mayReplace) {
    var places = new ArrayList<>(inputs);
    places.add(like);
    StateDictFiles.of(directory, like)
        .requireFree(new InputPlaces(places, null, false), mayReplace);
  }

  /// Writes the files of a finished run.
  ///
  /// @param dense the network that was pruned; null for the one that the run names
  /// @param out folder of the files; null for that of the run
  /// @throws PruningException if something cannot be read, or is in no tensor of the state dict
  StateDictOutput export(Path path, @Nullable Path dense, @Nullable Path out, boolean mayReplace) {
    FinishedRun run = FinishedRun.of(path);
    Path directory = Objects.requireNonNullElse(out, run.directory());
    requireFree(directory, run.files(dense), mayReplace);
    Network network = run.dense(dense);
    StateDictExport.Exported exported =
        StateDictExport.of(network, StateDicts.read(like))
            .partial(isPartial)
            .export(run.pruned(network), run.mask());
    return write(exported, directory);
  }

  /// Writes what was exported to a folder.
  StateDictOutput write(StateDictExport.Exported exported, Path directory) {
    return new StateDictOutput(
        like,
        exported,
        StateDictFiles.of(directory, like).write(exported.weights(), exported.masks()));
  }
}
