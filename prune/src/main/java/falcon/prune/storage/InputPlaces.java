package falcon.prune.storage;

import falcon.data.Dataset;
import falcon.data.Layout;
import falcon.model.UnwritableFileException;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The places that a command reads from and therefore never writes to.
///
/// @param files files of the network and of the data
/// @param dataFolder folder that was given as data; null where there is none
/// @param isWholeFolder whether every folder below the data folder belongs to the data, as with
///     images
public record InputPlaces(List<Path> files, @Nullable Path dataFolder, boolean isWholeFolder) {
  private static final String ADVICE =
      "Nothing was written. Choose another folder (%s); no option lets an input be replaced."
          .formatted(Option.OUT);

  /// Copies the list.
  public InputPlaces {
    files = List.copyOf(files);
  }

  /// Returns the places of a network and of data.
  ///
  /// @param model files that the network is read from
  /// @param data the data; null where there are none
  public static InputPlaces of(List<Path> model, @Nullable Dataset data) {
    if (data == null) {
      return new InputPlaces(model, null, false);
    }
    boolean isWhole = data.layout() == Layout.IMAGES;
    var files = new ArrayList<>(model);
    if (!isWhole) {
      files.addAll(data.files());
    }
    return new InputPlaces(
        files, Files.isDirectory(data.directory()) ? data.directory() : null, isWhole);
  }

  /// Checks that none of these places is overwritten; writes nothing itself.
  ///
  /// @param directory folder that is written to; may be absent
  /// @param names names of files and folders in it that are written or replaced
  /// @throws PruningException if an input would be overwritten, by whatever path or link it is
  ///     reached; the message names it
  public void requireApart(Path directory, List<String> names) {
    try {
      if (dataFolder != null) {
        requireOutside(directory, dataFolder);
      }
      for (Path input : files) {
        for (String name : names) {
          Path output = directory.resolve(name);
          if (Files.exists(output) && holds(output, input)) {
            throw input(output, input);
          }
        }
      }
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
  }

  /// Returns whether a path is the input, or a folder that contains the input.
  private static boolean holds(Path output, Path input) throws IOException {
    return Files.isDirectory(output)
        ? input.toRealPath().startsWith(output.toRealPath())
        : Files.isSameFile(output, input);
  }

  private static PruningException input(Path output, Path input) {
    return new PruningException(
        PruningException.Kind.INPUT,
        "%s: would be written to, but %s, which is read, is %s.%n%s"
            .formatted(
                output, input, Files.isDirectory(output) ? "in it" : "the same file", ADVICE));
  }

  private void requireOutside(Path directory, Path data) throws IOException {
    Path folder = data.toRealPath();
    Path output = real(directory);
    if (output.equals(folder) || (isWholeFolder && output.startsWith(folder))) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: is %s the data folder %s, and files written there would be among the data.%n%s"
              .formatted(directory, output.equals(folder) ? "" : "in ", data, ADVICE)
              .replace("  ", " "));
    }
  }

  /// Returns a path without links, whose end need not exist yet.
  private static Path real(Path path) throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    Path there = absolute;
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    return there == null ? absolute : there.toRealPath().resolve(there.relativize(absolute));
  }
}
