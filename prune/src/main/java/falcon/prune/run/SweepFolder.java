package falcon.prune.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.AtomicFile;
import falcon.model.UnwritableFileException;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.page.Curve;
import falcon.prune.page.CurvePage;
import falcon.prune.page.ReportFile;
import falcon.prune.report.Versions;
import falcon.prune.storage.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The folder of a sweep: a folder for each run, and the curve that is drawn from them.
///
/// ```
/// sweep.json   curve.html   curve.csv   curve.json
/// r60/  r46/  …            the runs, each as [RunDirectory] writes it
/// magnitude/r60/  …        magnitude pruning to the same budgets
/// ```
///
/// `sweep.json` is written when the sweep begins; it names the runs and what they were asked for.
/// The files of the curve are written again after each run. A `curve.html` that somebody has edited
/// is left as it is.
public final class SweepFolder {
  private static final String MARK = "sweep.json";
  private static final String HTML = "curve.html";
  private static final String CSV = "curve.csv";
  private static final String JSON = "curve.json";
  private static final String MAGNITUDE = "magnitude";
  private static final List<String> FILES = List.of(MARK, HTML, CSV, JSON);

  private static final String ADVICE =
      "Remove it, and say the sweep again with %s.".formatted(Option.RESUME);

  private final Path directory;
  private final String title;
  private final Map<String, String> identity;
  private final List<String> runs;
  private final boolean hasMagnitude;
  private @Nullable String fulfils;

  private SweepFolder(Path directory, JsonNode mark) {
    this.directory = directory;
    this.title = mark.path("title").asText("network");
    this.identity = new LinkedHashMap<>();
    mark.path("identity")
        .properties()
        .forEach(entry -> identity.put(entry.getKey(), entry.getValue().asText()));
    this.runs = new ArrayList<>();
    mark.path("runs").forEach(run -> runs.add(run.asText()));
    this.hasMagnitude = mark.path(MAGNITUDE).asBoolean();
    this.fulfils = mark.path("maxDrop").textValue();
  }

  private SweepFolder(Path directory, Description sweep) {
    this.directory = directory;
    this.title = sweep.title();
    this.identity = sweep.identity();
    this.runs = new ArrayList<>(sweep.runs());
    this.hasMagnitude = sweep.hasMagnitude();
  }

  /// What a sweep is about.
  ///
  /// @param title the file of the network, for people
  /// @param identity what the sweep was asked for beside the options of its runs, as text by name;
  ///     a sweep that was asked for something else is not gone on with
  /// @param runs names of the runs' folders
  /// @param hasMagnitude whether there is a run of magnitude pruning beside each
  public record Description(
      String title, Map<String, String> identity, List<String> runs, boolean hasMagnitude) {
    /// Copies the identity, in its order, and the names.
    public Description {
      identity = new LinkedHashMap<>(identity);
      runs = List.copyOf(runs);
    }
  }

  /// Returns whether a folder is that of a sweep.
  public static boolean isSweep(Path directory) {
    return Files.isRegularFile(directory.resolve(MARK));
  }

  /// Reads the mark of a sweep that was begun.
  ///
  /// @throws PruningException if there is none, or it is damaged
  public static SweepFolder read(Path directory) {
    JsonNode mark = Json.read(directory.resolve(MARK), ADVICE);
    if (!mark.path("schemaVersion").isInt() || !mark.path("runs").isArray()) {
      throw input(
          "%s: this is not what Falcon writes of a sweep.%n%s"
              .formatted(directory.resolve(MARK), ADVICE));
    }
    for (JsonNode run : mark.path("runs")) {
      if (!RunRecord.isInside(run.asText())) {
        throw input(
            "%s: names the run '%s', which is not in the folder.%n%s"
                .formatted(directory.resolve(MARK), run.asText(), ADVICE));
      }
    }
    return new SweepFolder(directory, mark);
  }

  /// Checks that the sweep may begin or go on in a folder; writes nothing.
  ///
  /// @param place the folder; may be absent
  /// @throws PruningException if it holds other files, a sweep that must not be changed, or one
  ///     that was asked for something else; all differences are named
  public static void check(OutputFolder place, Description sweep, RunDirectory.Existing existing) {
    Path directory = place.directory();
    if (RunRecord.of(directory).isRun()) {
      throw input(
          "%s: holds a single run, and no sweep.%nNothing was written. Choose another folder (%s)."
              .formatted(directory, Option.OUT));
    }
    var names = new ArrayList<>(sweep.runs());
    names.add(MAGNITUDE);
    boolean isThere = isSweep(directory);
    if (isThere) {
      names.addAll(FILES);
    }
    place.requireParentOf(names);
    if (!isThere) {
      for (String name : FILES) {
        if (Files.exists(directory.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
          throw place.refused(
              "%s is in the way: a sweep writes a file of that name, and replaces none that it did not write"
                  .formatted(name),
              "Move it away or choose another folder (%s).".formatted(Option.OUT));
        }
      }
      return;
    }
    SweepFolder there = read(directory);
    switch (existing) {
      case REPLACE -> {}
      case REFUSE ->
          throw input(
              "%s: holds a sweep already (%s).%nGo on with it (%s), replace it (%s) or choose another folder (%s)."
                  .formatted(
                      directory,
                      OutputFolder.listed(there.runs),
                      Option.RESUME,
                      Option.FORCE,
                      Option.OUT));
      case RESUME -> there.requireSame(sweep);
    }
  }

  private void requireSame(Description sweep) {
    List<String> differences =
        new RunRecord(identity, null, null, null).differences(sweep.identity());
    if (!differences.isEmpty()) {
      throw input(
          "%s: the sweep there was another one:%n%s%nResume with what it had, replace it (%s) or choose another folder (%s)."
              .formatted(
                  directory,
                  String.join(System.lineSeparator(), differences),
                  Option.FORCE,
                  Option.OUT));
    }
  }

  /// Begins a sweep, or goes on with it: writes its mark.
  ///
  /// @param place the folder, as [#check] has accepted it
  /// @throws UnwritableFileException if it cannot be written to
  public static SweepFolder open(
      OutputFolder place, Description sweep, RunDirectory.Existing existing) {
    Path directory = place.directory();
    if (existing == RunDirectory.Existing.RESUME && isSweep(directory)) {
      return read(directory);
    }
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
    var opened = new SweepFolder(directory, sweep);
    opened.mark();
    return opened;
  }

  private void mark() {
    ObjectNode json =
        Json.object()
            .put("schemaVersion", Versions.SCHEMA)
            .put("title", title)
            .put(MAGNITUDE, hasMagnitude)
            .put("maxDrop", fulfils);
    identity.forEach(json.putObject("identity")::put);
    ArrayNode all = json.putArray("runs");
    runs.forEach(all::add);
    Json.write(json, directory.resolve(MARK));
  }

  /// Adds a run to those of the curve, if it is not among them.
  ///
  /// @param name name of its folder
  /// @throws UnwritableFileException if the mark cannot be written
  public void add(String name) {
    if (!runs.contains(name)) {
      runs.add(name);
      mark();
    }
  }

  /// Sets the run that a greatest drop is met with.
  ///
  /// @param name name of its folder, null if there is none
  public void fulfilledBy(@Nullable String name) {
    if (!Objects.equals(fulfils, name)) {
      fulfils = name;
      mark();
    }
  }

  /// Returns the folder of a run.
  public static Path run(Path directory, String name) {
    return directory.resolve(name);
  }

  /// Returns the folder of the run of magnitude pruning to the budget of another run.
  public static Path magnitude(Path directory, String name) {
    return directory.resolve(MAGNITUDE).resolve(name);
  }

  /// Reads the curve of the finished runs; damaged ones are named in it.
  public Curve curve() {
    return Curve.readAll(
            runs.stream()
                .map(name ->
                    new Curve.Source(
                        name,
                        run(directory, name),
                        hasMagnitude ? magnitude(directory, name) : null))
                .toList())
        .fulfilledBy(fulfils);
  }

  /// Writes the files of the curve.
  ///
  /// @return the files that were written; without `curve.html` if somebody has edited it
  /// @throws UnwritableFileException if one cannot be written
  public List<Path> write() {
    return write(curve());
  }

  /// Writes the files of a curve of this sweep.
  ///
  /// @return the files that were written
  public List<Path> write(Curve curve) {
    var written = new ArrayList<Path>();
    Path html = directory.resolve(HTML);
    if (!Files.exists(html, LinkOption.NOFOLLOW_LINKS) || ReportFile.isUnchanged(html)) {
      CurvePage.write(title, curve, html);
      written.add(html);
    }
    written.add(write(CSV, curve.csv()));
    written.add(write(JSON, curve.json()));
    return List.copyOf(written);
  }

  private Path write(String name, String content) {
    Path file = directory.resolve(name);
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
    return file;
  }

  private static PruningException input(String message) {
    return new PruningException(PruningException.Kind.INPUT, message);
  }
}
