package falcon.cli;

import falcon.prune.StateDictExport;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// What an export under the names of a state dict wrote.
///
/// @param like the state dict
/// @param files paths of weights and mask
record StateDictOutput(Path like, StateDictExport.Exported exported, List<Path> files) {
  StateDictOutput {
    files = List.copyOf(files);
  }

  /// Returns one or two lines about it.
  String text() {
    return "%,d tensors of %s: %,d changed, %,d pruned%nwritten to %s: %s"
        .formatted(
            exported.weights().tensors().size(),
            like,
            exported.changed().size(),
            exported.masks().tensors().size(),
            files.getFirst().toAbsolutePath().getParent(),
            files.stream()
                .map(file -> String.valueOf(file.getFileName()))
                .collect(Collectors.joining(", ")));
  }
}
