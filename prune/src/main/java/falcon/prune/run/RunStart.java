package falcon.prune.run;

import falcon.model.UnwritableFileException;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.storage.FolderLock;
import falcon.prune.storage.Remains;
import falcon.prune.storage.WrittenFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The place where a run begins or continues, as determined by the content of the folder and by the
/// request. Its determination writes nothing.
///
/// @param work folder of stages and log: the run's own, or that of a run which is to replace the
///     existing one
/// @param isResumed whether that run has begun before
/// @param isFinished whether it is done, with all its files intact
/// @param there the run in the folder itself
record RunStart(Path work, boolean isResumed, boolean isFinished, RunRecord there) {
  private static final String OTHERWISE =
      "Go on with it (%s), replace it (%s) or choose another folder (%s)."
          .formatted(Option.RESUME, Option.FORCE, Option.OUT);

  /// Checks that the folder is suitable for a run.
  ///
  /// @throws PruningException if it is not; the message names the obstacle
  static void requirePlace(OutputFolder place, RunDescription run) {
    Path directory = place.directory();
    RunNames.requireNoClash(run);
    RunRecord there = RunRecord.of(directory);
    var names = new ArrayList<>(RunNames.all(run));
    if (there.files() != null) {
      there.files().forEach(file -> names.add(file.name()));
    }
    place.requireFolder(names);
    if (there.isRun() || RunRecord.of(next(directory)).isRun()) {
      return;
    }
    List<String> remains = remains(directory);
    place.requireNoOthers(remains);
    for (String name : RunNames.all(run)) {
      if (!remains.contains(name)
          && Files.exists(directory.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
        throw place.refused(
            "%s is in the way: a run writes a file of that name, and replaces none that it did not write"
                .formatted(name),
            "Move it away or choose another folder (%s).".formatted(Option.OUT));
      }
    }
  }

  /// Determines the start of a run.
  ///
  /// @throws PruningException if the existing run must not be changed, cannot be continued, or
  ///     holds files that Falcon did not write in the places of new ones
  static RunStart of(Path directory, RunDescription run, RunDirectory.Existing existing) {
    RunRecord there = RunRecord.of(directory);
    RunRecord next = RunRecord.of(next(directory));
    if (!there.isRun() && !next.isRun()) {
      return new RunStart(directory, false, false, there);
    }
    return switch (existing) {
      case REFUSE -> throw refused(directory, there, next);
      case REPLACE -> {
        requireOwn(directory, run, there);
        yield new RunStart(there.isRun() ? next(directory) : directory, false, false, there);
      }
      case RESUME -> resumed(directory, run, there, next);
    };
  }

  static Path next(Path directory) {
    return directory.resolve(RunNames.NEXT);
  }

  private static PruningException refused(Path directory, RunRecord there, RunRecord next) {
    return input(
        "%s: holds a run already%s%s.%n%s"
            .formatted(
                directory,
                there.isFinished() ? ", a finished one" : "",
                next.isRun() ? ", and another that was begun to replace it" : "",
                OTHERWISE));
  }

  private static RunStart resumed(
      Path directory, RunDescription run, RunRecord there, RunRecord next) {
    if (next.isRun() && next.differences(run.identity()).isEmpty()) {
      requireOwn(directory, run, there);
      return new RunStart(next(directory), true, false, there);
    }
    List<String> differences = (there.isRun() ? there : next).differences(run.identity());
    if (!differences.isEmpty()) {
      throw input(
          "%s: the run there was another one:%n%s%nResume with what it had, replace it (%s) or choose another folder (%s)."
              .formatted(
                  directory,
                  String.join(System.lineSeparator(), differences),
                  Option.FORCE,
                  Option.OUT));
    }
    if (there.damage() != null) {
      throw input(
          "%s%nMove that file away and say %s again: finished stages are not computed a second time."
              .formatted(there.damage(), Option.RESUME));
    }
    return new RunStart(directory, true, isWhole(directory, there), there);
  }

  /// Returns whether all files that a finished run wrote are unchanged; a missing one can be
  /// written again.
  ///
  /// @throws PruningException if an existing one differs
  private static boolean isWhole(Path directory, RunRecord there) {
    if (there.files() == null) {
      return false;
    }
    boolean isWhole = true;
    for (WrittenFile file : there.files()) {
      if (file.isMissing(directory)) {
        isWhole = false;
      } else {
        requireWhole(
            directory,
            file,
            "It is damaged or was changed since. Move it away and say %s again, and it is written again."
                .formatted(Option.RESUME));
      }
    }
    return isWhole;
  }

  private static void requireWhole(Path directory, WrittenFile file, String advice) {
    String difference = file.difference(directory);
    if (difference != null) {
      throw input("%s: %s.%n%s".formatted(directory.resolve(file.name()), difference, advice));
    }
  }

  /// Checks that all existing files in the places of new ones were written by Falcon.
  private static void requireOwn(Path directory, RunDescription run, RunRecord there) {
    if (there.files() != null) {
      for (WrittenFile file : there.files()) {
        if (!file.isMissing(directory)) {
          requireWhole(
              directory,
              file,
              "So it is not what Falcon wrote, and no other file is replaced. Move it away or choose another folder (%s)."
                  .formatted(Option.OUT));
        }
      }
    }
    var others = new ArrayList<String>();
    for (String name : RunNames.outputs(run)) {
      if (!there.wrote(name, directory)
          && Files.exists(directory.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
        others.add(name);
      }
    }
    if (!others.isEmpty()) {
      throw input(
          "%s: %s would be replaced, but %s.%nMove %s away or choose another folder (%s)."
              .formatted(
                  directory,
                  String.join(", ", others),
                  unknown(there.damage()),
                  others.size() == 1 ? "it" : "them",
                  Option.OUT));
    }
  }

  private static String unknown(@Nullable String damage) {
    return damage == null
        ? "no run of Falcon wrote it there"
        : "nothing tells whether Falcon wrote it (%s)".formatted(damage);
  }

  /// Returns the names of the files and folders that a run left in a folder when it was killed
  /// while it began.
  private static List<String> remains(Path directory) {
    var remains = new ArrayList<String>();
    try {
      for (Path entry : Remains.entries(directory)) {
        String name = String.valueOf(entry.getFileName());
        boolean isRemains =
            switch (name) {
              case FolderLock.FILE -> Files.isRegularFile(entry) && Files.size(entry) == 0;
              case RunRecord.STAGES -> isEmptyButForRemains(entry);
              default -> Remains.isTemporary(entry, RunNames.anyOutputs());
            };
        if (isRemains) {
          remains.add(name);
        }
      }
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
    return remains;
  }

  private static boolean isEmptyButForRemains(Path stages) throws IOException {
    return Files.isDirectory(stages)
        && Remains.entries(stages).stream()
            .allMatch(entry -> Remains.isTemporary(entry, List.of(RunRecord.IDENTITY)));
  }

  private static PruningException input(String message) {
    return new PruningException(PruningException.Kind.INPUT, message);
  }
}
