package falcon.prune.run;

import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.UnwritableFileException;
import falcon.model.format.StateDicts;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.report.Versions;
import falcon.prune.storage.InputPlaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Stream;

/// The two files of an export under a state dict's names: weights and mask.
///
/// @param directory folder of the files
/// @param ending `.pth` or `.safetensors`
public record StateDictFiles(Path directory, String ending) {
  private static final String WEIGHTS = "pytorch-weights";
  private static final String MASK = "pytorch-mask";

  /// Metadata key that marks a file as Falcon's; its value is the version.
  private static final String MARK = Network.METADATA_PREFIX + "stateDict";

  /// Returns the files in the format of a state dict.
  ///
  /// @throws MalformedModelException if that file is none
  public static StateDictFiles of(Path directory, Path like) {
    return new StateDictFiles(directory, StateDicts.ending(like));
  }

  /// Returns the names of the files: weights, then mask.
  public List<String> names() {
    return List.of(WEIGHTS + ending, MASK + ending);
  }

  /// Checks that the files can be written; writes nothing.
  ///
  /// @param inputs files that are read, and never written to
  /// @param mayReplace whether files that Falcon wrote may exist under these names
  /// @throws PruningException if they cannot
  public void requireFree(InputPlaces inputs, boolean mayReplace) {
    inputs.requireApart(directory, names());
    for (String name : names()) {
      Path file = directory.resolve(name);
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      if (!mayReplace) {
        throw OutputFolder.isThere(file);
      }
      if (!isOfFalcon(file)) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "%s: is not a state dict that Falcon wrote, and no others are replaced.%nMove it away or choose another folder (%s)."
                .formatted(file, Option.OUT));
      }
    }
  }

  /// Writes both files; both are complete on the disk before the first one gets its name.
  ///
  /// @return their paths: weights, then mask
  /// @throws UnwritableFileException if one cannot be written
  public List<Path> write(StateDict weights, StateDict mask) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
    List<Path> paths = names().stream().map(directory::resolve).toList();
    var contents = new LinkedHashMap<Path, StateDict>();
    contents.put(paths.getFirst(), marked(weights));
    contents.put(paths.getLast(), marked(mask));
    StateDicts.writeAll(contents);
    return paths;
  }

  private static StateDict marked(StateDict content) {
    var metadata = new LinkedHashMap<String, String>();
    metadata.put("format", "pt"); // what readers of safetensors in Python's libraries ask for
    metadata.put(MARK, Versions.falcon());
    return new StateDict(content.tensors(), metadata);
  }

  /// Returns the names of such files in a folder that Falcon wrote, in any format.
  static List<String> written(Path directory) {
    return anyNames()
        .filter(name -> Files.isRegularFile(directory.resolve(name), LinkOption.NOFOLLOW_LINKS))
        .filter(name -> isOfFalcon(directory.resolve(name)))
        .toList();
  }

  private static Stream<String> anyNames() {
    return Stream.of(".pth", ".safetensors")
        .flatMap(ending -> new StateDictFiles(Path.of(""), ending).names().stream());
  }

  private static boolean isOfFalcon(Path file) {
    try {
      return StateDicts.read(file).metadata().containsKey(MARK);
    } catch (MalformedModelException _) {
      return false;
    }
  }
}
