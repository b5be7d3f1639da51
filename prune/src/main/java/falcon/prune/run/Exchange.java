package falcon.prune.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.AtomicFile;
import falcon.model.UnwritableFileException;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.storage.Json;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/// Moves files that were prepared in one folder into their places in another one, where they
/// replace existing files.
///
/// It begins with a journal of everything that is to be done. Before that file exists, nothing in
/// the other folder has changed; once it exists, [#finish] completes the rest, however often it was
/// interrupted before.
final class Exchange {
  private static final String JOURNAL = "exchange.json";
  private static final String MOVES = "move";
  private static final String REMOVALS = "remove";

  private Exchange() {}

  /// Returns the names of an exchange's own files in the folder where files are prepared.
  static List<String> names() {
    return List.of(JOURNAL);
  }

  /// Returns whether an exchange was started and is not yet complete.
  static boolean isPending(Path prepared) {
    return Files.exists(prepared.resolve(JOURNAL));
  }

  /// Starts an exchange and carries it out.
  ///
  /// @param moves names of files relative to both folders, in the order in which they are moved
  /// @param removals names of files in `place` that are removed, before the last file is moved
  /// @throws UnwritableFileException if it cannot be completed
  static void carryOut(Path prepared, Path place, List<String> moves, List<String> removals) {
    ObjectNode journal = Json.object();
    moves.forEach(journal.putArray(MOVES)::add);
    removals.forEach(journal.putArray(REMOVALS)::add);
    Json.write(journal, prepared.resolve(JOURNAL));
    finish(prepared, place);
  }

  /// Completes an exchange; without a journal there is nothing left to do.
  ///
  /// @throws UnwritableFileException if it cannot be completed
  static void finish(Path prepared, Path place) {
    Path file = prepared.resolve(JOURNAL);
    if (!Files.exists(file)) {
      return;
    }
    String advice =
        "The files beside it are whole; move them to %s by hand and remove this one."
            .formatted(place);
    JsonNode journal = Json.read(file, advice);
    List<String> moves = names(journal.path(MOVES));
    if (moves.isEmpty()) {
      throw new PruningException(
          PruningException.Kind.INPUT, "%s: names no files.%n%s".formatted(file, advice));
    }
    List<String> removals = names(journal.path(REMOVALS));
    Path current = place;
    try {
      for (String name : moves.subList(0, moves.size() - 1)) {
        current = place.resolve(name);
        move(prepared.resolve(name), current);
      }
      for (String name : removals) {
        current = place.resolve(name);
        removeFile(place, name);
      }
      moves.stream()
          .map(name -> place.resolve(name).getParent())
          .distinct()
          .forEach(AtomicFile::force);
      current = place.resolve(moves.getLast());
      move(prepared.resolve(moves.getLast()), current);
      AtomicFile.force(place);
      current = prepared;
      for (String name : moves) {
        removeFile(prepared, name); // removes the folders that the files were in
      }
      Files.deleteIfExists(file);
      removeFolder(prepared);
    } catch (IOException e) {
      throw new UnwritableFileException(
          current,
          e,
          "The new run is whole in %s; %s brings it here.".formatted(prepared, Option.RESUME));
    }
  }

  /// Removes a file if it exists, and the folders below `root` that are empty then.
  static void removeFile(Path root, String name) throws IOException {
    Path file = root.resolve(name);
    Files.deleteIfExists(file);
    for (Path folder = file.getParent();
        folder != null && !folder.equals(root) && removeFolder(folder);
        folder = folder.getParent()) {}
  }

  /// Removes a folder if it is empty.
  ///
  /// @return whether the folder is removed or absent
  static boolean removeFolder(Path folder) throws IOException {
    try {
      if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        Files.delete(folder);
      }
      return true;
    } catch (DirectoryNotEmptyException _) {
      return false;
    }
  }

  private static void move(Path from, Path to) throws IOException {
    if (!Files.exists(from, LinkOption.NOFOLLOW_LINKS)) {
      return; // moved before
    }
    Path folder = to.getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException _) {
      // a folder of the run is a link to another disk
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static List<String> names(JsonNode array) {
    var names = new ArrayList<String>();
    for (JsonNode name : array) {
      if (name.isTextual() && RunRecord.isInside(name.textValue())) {
        names.add(name.textValue());
      }
    }
    return names;
  }
}
