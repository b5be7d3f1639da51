package falcon.prune.run;

import falcon.model.UnwritableFileException;
import falcon.prune.options.PruningException;
import falcon.prune.page.HtmlReport;
import falcon.prune.page.MarkdownReport;
import falcon.prune.page.ReportFile;
import falcon.prune.page.RunResult;
import falcon.prune.storage.FolderLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The reports in the folder of a run: a page and its short form. They are made from `result.json`
/// alone; a report that somebody has edited is never replaced.
public final class RunReport {
  private static final String HTML = "report.html";
  private static final String MARKDOWN = "report.md";

  /// The names of the files.
  static final List<String> NAMES = List.of(HTML, MARKDOWN);

  private RunReport() {}

  /// Writes the reports of a finished run, of this version or an earlier one, from its
  /// `result.json`.
  ///
  /// @param directory folder of the run
  /// @return the files: the page, then its short form
  /// @throws PruningException if `result.json` is missing or damaged, a file in the place of a
  ///     report is not Falcon's or was edited, or another process works in the folder
  /// @throws UnwritableFileException if a file cannot be written
  public static List<Path> write(Path directory) {
    RunResult result = RunResult.read(directory);
    if (!Files.isDirectory(directory)) {
      throw input("%s: is a file.%nGive the folder of a finished run.".formatted(directory));
    }
    List<String> others = others(directory);
    if (!others.isEmpty()) {
      throw input(
          "%s: is not a report as Falcon wrote it, and no other file is replaced.%nMove it away, and say it again."
              .formatted(directory.resolve(others.getFirst())));
    }
    try (FolderLock _ = FolderLock.take(directory)) {
      put(result, directory);
    }
    return NAMES.stream().map(directory::resolve).toList();
  }

  /// Writes both files, whatever is there.
  static void put(RunResult result, Path directory) {
    HtmlReport.write(result, directory.resolve(HTML));
    MarkdownReport.write(result, directory.resolve(MARKDOWN));
  }

  /// Writes those files again that are missing, or that an earlier version wrote.
  ///
  /// @return names of files that are left alone, since they are not as Falcon wrote them
  static List<String> restore(Path directory) {
    RunResult result = RunResult.read(directory);
    List<String> others = others(directory);
    if (!others.contains(HTML)) {
      HtmlReport.write(result, directory.resolve(HTML));
    }
    if (!others.contains(MARKDOWN)) {
      MarkdownReport.write(result, directory.resolve(MARKDOWN));
    }
    return others;
  }

  /// Returns the names of the reports in a folder that Falcon wrote and nobody has changed.
  static List<String> unchanged(Path directory) {
    return NAMES.stream().filter(name -> ReportFile.isUnchanged(directory.resolve(name))).toList();
  }

  private static List<String> others(Path directory) {
    var others = new ArrayList<String>();
    for (String name : NAMES) {
      Path file = directory.resolve(name);
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !ReportFile.isUnchanged(file)) {
        others.add(name);
      }
    }
    return others;
  }

  private static PruningException input(String message) {
    return new PruningException(PruningException.Kind.INPUT, message);
  }
}
