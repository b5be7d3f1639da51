package falcon.prune.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.options.PruningException;
import falcon.prune.report.Versions;
import falcon.prune.storage.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Quality over budget: the finished runs of a sweep, or any runs of one network.
/// `Curve.read(folders).points()` has the points of runs whose folders are given.
///
/// @param points the runs that could be read, from the greatest budget to the least
/// @param damaged why another run could not be read, by its name
/// @param missing names of runs that are not finished
/// @param fulfils the point that a greatest drop was met with, null if none was asked for or found
public record Curve(
    List<CurvePoint> points,
    Map<String, String> damaged,
    List<String> missing,
    @Nullable String fulfils) {
  private static final String RESULT = "result.json";

  /// Copies all; the order of the points is that of their budgets.
  public Curve {
    points =
        points.stream()
            .sorted(
                Comparator.comparingDouble(CurvePoint::share)
                    .thenComparingLong(point -> point.cost().weights().used())
                    .reversed())
            .toList();
    damaged = Collections.unmodifiableMap(new LinkedHashMap<>(damaged));
    missing = List.copyOf(missing);
  }

  /// A run of a curve.
  ///
  /// @param name what the point is called
  /// @param run folder of the run
  /// @param magnitude folder of the run of magnitude pruning to the same budget; null if there is
  ///     none
  public record Source(String name, Path run, @Nullable Path magnitude) {}

  /// Reads runs, which are called by the names of their folders; those that cannot be read become
  /// [#damaged], and those without a `result.json` [#missing].
  ///
  /// @param folders folders of runs
  public static Curve read(Collection<Path> folders) {
    return readAll(
        folders.stream()
            .map(folder -> new Source(String.valueOf(folder.getFileName()), folder, null))
            .toList());
  }

  /// Reads runs with those that they are compared with; a damaged one of these is named, too.
  public static Curve readAll(Collection<Source> sources) {
    var points = new ArrayList<CurvePoint>();
    var damaged = new LinkedHashMap<String, String>();
    var missing = new ArrayList<String>();
    for (Source source : sources) {
      RunResult magnitude =
          source.magnitude() == null
              ? null
              : result("%s, magnitude".formatted(source.name()), source.magnitude(), damaged);
      if (!Files.exists(source.run().resolve(RESULT))) {
        missing.add(source.name());
        continue;
      }
      RunResult run = result(source.name(), source.run(), damaged);
      if (run != null) {
        try {
          points.add(CurvePoint.of(source.name(), source.run(), run, magnitude));
        } catch (PruningException e) {
          damaged.put(source.name(), String.valueOf(e.getMessage()));
        }
      }
    }
    return new Curve(points, damaged, missing, null);
  }

  /// @return null if there is no finished run, or it is damaged
  private static @Nullable RunResult result(String name, Path folder, Map<String, String> damaged) {
    if (!Files.exists(folder.resolve(RESULT))) {
      return null;
    }
    try {
      return RunResult.read(folder);
    } catch (PruningException e) {
      damaged.put(name, String.valueOf(e.getMessage()));
      return null;
    }
  }

  /// Returns the same curve with the point that fulfils a greatest drop.
  ///
  /// @param name name of the point, null if none does
  public Curve fulfilledBy(@Nullable String name) {
    return new Curve(points, damaged, missing, name);
  }

  /// Returns the knee: the point behind which less budget costs much more quality, as Kneedle
  /// defines it (Satopää and others 2011): of all points, with budget and quality scaled to 0 to 1,
  /// the one furthest above the diagonal.
  ///
  /// @return null if there are fewer than three points with a quality, or none is above it
  public @Nullable CurvePoint knee() {
    List<CurvePoint> judged = points.stream().filter(point -> point.quality() != null).toList();
    Integer knee =
        Knee.of(
            judged.stream().mapToDouble(CurvePoint::share).toArray(),
            judged.stream()
                .mapToDouble(point -> Objects.requireNonNull(point.quality()).value())
                .toArray());
    return knee == null ? null : judged.get(knee);
  }

  /// Returns what the points are judged by: accuracy, agreement or fidelity.
  ///
  /// @return null if nothing was measured
  public @Nullable String measure() {
    return points.stream()
        .map(CurvePoint::quality)
        .filter(Objects::nonNull)
        .map(CurvePoint.Quality::measure)
        .findFirst()
        .orElse(null);
  }

  /// Returns the names of the runtimes in which points were measured.
  public List<String> runtimes() {
    return List.copyOf(
        points.stream()
            .flatMap(point -> point.cost().milliseconds().keySet().stream())
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  /// Returns the points as comma-separated values, one line each after a line of names; lines end
  /// with CR LF, and an empty field is a figure that there is not (RFC 4180).
  public String csv() {
    var heads =
        new ArrayList<>(
            List.of("run", "asked", "macs", "macs_percent", "weights", "weights_percent", "bytes"));
    heads.addAll(List.of("measure", "dense", "final", "low", "high", "samples"));
    heads.addAll(List.of("test_measure", "test_dense", "test_final"));
    heads.addAll(List.of("magnitude", "magnitude_low", "magnitude_high", "seconds", "knee"));
    List<String> runtimes = runtimes();
    runtimes.forEach(runtime -> heads.add("milliseconds " + runtime));
    CurvePoint knee = knee();
    var csv = new StringBuilder(line(heads));
    for (CurvePoint point : points) {
      var fields = new ArrayList<@Nullable Object>();
      fields.add(point.name());
      fields.add(point.cost().asked());
      fields.add(point.cost().macs() == null ? null : point.cost().macs().used());
      fields.add(point.cost().macs() == null ? null : point.cost().macs().percent());
      fields.add(point.cost().weights().used());
      fields.add(point.cost().weights().percent());
      fields.add(point.cost().bytes());
      CurvePoint.Quality heldOut = point.judged().heldOut();
      fields.add(heldOut == null ? null : heldOut.measure());
      fields.add(heldOut == null ? null : heldOut.dense());
      fields.add(heldOut == null ? null : heldOut.value());
      addInterval(fields, heldOut);
      fields.add(heldOut == null ? null : heldOut.samples());
      CurvePoint.Quality test = point.judged().test();
      fields.add(test == null ? null : test.measure());
      fields.add(test == null ? null : test.dense());
      fields.add(test == null ? null : test.value());
      CurvePoint.Quality magnitude = point.judged().magnitude();
      fields.add(magnitude == null ? null : magnitude.value());
      addInterval(fields, magnitude);
      fields.add(point.seconds());
      fields.add(point.equals(knee) ? 1 : 0);
      runtimes.forEach(runtime -> fields.add(point.cost().milliseconds().get(runtime)));
      csv.append(line(fields));
    }
    return csv.toString();
  }

  private static void addInterval(
      List<@Nullable Object> fields, CurvePoint.@Nullable Quality quality) {
    CurvePoint.Interval interval = quality == null ? null : quality.interval();
    fields.add(interval == null ? null : interval.low());
    fields.add(interval == null ? null : interval.high());
  }

  private static String line(List<? extends @Nullable Object> fields) {
    return fields.stream().map(Curve::field).collect(Collectors.joining(",")) + "\r\n";
  }

  private static String field(@Nullable Object value) {
    if (value == null) {
      return "";
    }
    String text = value.toString();
    return text.matches("[^\",\r\n]*") ? text : "\"%s\"".formatted(text.replace("\"", "\"\""));
  }

  /// Returns the curve as JSON: `measure`, `knee` (name of a point), `points[]`, `damaged[]` and
  /// `missing[]`.
  public String json() {
    return Json.text(toJson());
  }

  ObjectNode toJson() {
    ObjectNode json = Json.object().put("schemaVersion", Versions.SCHEMA);
    json.put("measure", measure());
    CurvePoint knee = knee();
    json.put("knee", knee == null ? null : knee.name());
    json.put("maxDrop", fulfils);
    ArrayNode all = json.putArray("points");
    points.forEach(point -> all.add(json(point)));
    ArrayNode none = json.putArray("damaged");
    damaged.forEach((run, problem) -> none.addObject().put("run", run).put("problem", problem));
    missing.forEach(json.putArray("missing")::add);
    return json;
  }

  private static ObjectNode json(CurvePoint point) {
    ObjectNode json = Json.object().put("name", point.name()).put("asked", point.cost().asked());
    json.set("macs", json(point.cost().macs()));
    json.set("weights", json(point.cost().weights()));
    json.put("bytes", point.cost().bytes());
    json.set("heldOut", json(point.judged().heldOut()));
    json.set("test", json(point.judged().test()));
    json.set("magnitude", json(point.judged().magnitude()));
    ObjectNode times = json.putObject("milliseconds");
    new TreeMap<>(point.cost().milliseconds()).forEach(times::put);
    return json.put("seconds", point.seconds());
  }

  private static @Nullable ObjectNode json(CurvePoint.@Nullable Part part) {
    return part == null
        ? null
        : Json.object()
            .put("used", part.used())
            .put("total", part.total())
            .put("percent", part.percent());
  }

  private static @Nullable ObjectNode json(CurvePoint.@Nullable Quality quality) {
    if (quality == null) {
      return null;
    }
    ObjectNode json =
        Json.object()
            .put("measure", quality.measure())
            .put("dense", quality.dense())
            .put("final", quality.value());
    CurvePoint.Interval interval = quality.interval();
    if (interval == null) {
      json.putNull("interval");
    } else {
      json.putArray("interval").add(interval.low()).add(interval.high());
    }
    return json.put("samples", quality.samples());
  }
}
