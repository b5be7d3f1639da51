package falcon.prune.run;

import falcon.model.onnx.OnnxFile;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.storage.FolderLock;
import falcon.prune.storage.ModelFormat;
import falcon.prune.storage.WrittenFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The names of the files and folders that a run creates in its folder.
final class RunNames {
  static final String MASK = "mask.safetensors";
  static final String LOG = "log.txt";

  /// The folder where files that replace others are prepared, and where a whole run is prepared
  /// that replaces the existing one.
  static final String NEXT = ".falcon-next";

  private RunNames() {}

  /// Returns the files of a finished run that are moved into place together, the result last.
  ///
  /// @param written the network's files
  /// @param reports the names of the reports
  static List<String> outputs(List<WrittenFile> written, List<String> reports) {
    var names = new ArrayList<String>();
    written.forEach(file -> names.add(file.name()));
    names.add(MASK);
    names.addAll(reports);
    names.add(RunRecord.RESULT);
    return List.copyOf(names);
  }

  /// Returns the files that a run will write at its end, as far as they are known before it begins.
  static List<String> outputs(RunDescription run) {
    var names = new ArrayList<String>();
    names.add(run.format().fileName());
    if (run.format() != ModelFormat.SAFETENSORS) {
      names.add(run.format().fileName() + ".data");
      names.addAll(OnnxFile.dataFiles(run.network()));
    }
    names.add(MASK);
    names.addAll(run.reports());
    names.add(RunRecord.RESULT);
    return List.copyOf(names);
  }

  /// Returns all files and folders that a run writes or replaces.
  static List<String> all(RunDescription run) {
    var names = new ArrayList<>(outputs(run));
    names.addAll(List.of(LOG, RunRecord.STAGES, NEXT, FolderLock.FILE));
    return names;
  }

  /// Returns the files of any run, of which a killed process may have left unfinished temporary
  /// files.
  static List<String> anyOutputs() {
    var names = new ArrayList<String>();
    for (ModelFormat format : ModelFormat.values()) {
      names.add(format.fileName());
      names.add(format.fileName() + ".data");
    }
    names.addAll(List.of(MASK, RunRecord.RESULT));
    names.addAll(RunReport.NAMES);
    return names;
  }

  /// Refuses a network with a file of external data that would be one of the run's own files.
  ///
  /// @throws PruningException if there is one
  static void requireNoClash(RunDescription run) {
    var own =
        new ArrayList<>(
            List.of(
                run.format().fileName(),
                MASK,
                RunRecord.RESULT,
                LOG,
                RunRecord.STAGES,
                NEXT,
                FolderLock.FILE));
    own.addAll(run.reports());
    if (run.format() == ModelFormat.SAFETENSORS) {
      return;
    }
    for (String name : OnnxFile.dataFiles(run.network())) {
      if (own.contains(String.valueOf(Path.of(name).getName(0)))) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "The network has weights in a file '%s', a name that a run needs itself.%nRename that file and its mentions in the model, or write the weights alone (%s safetensors)."
                .formatted(name, Option.FORMAT));
      }
    }
  }
}
