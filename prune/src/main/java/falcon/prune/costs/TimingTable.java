package falcon.prune.costs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.budget.CostPattern;
import falcon.budget.CostTable;
import falcon.prune.options.CostModel;
import falcon.prune.options.LayerCosts;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.resources.Machine;
import falcon.prune.storage.FileContent;
import falcon.prune.storage.Json;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Measured times of a network in `falcon.runtime`, by layer and pattern of the zeros.
///
/// ```
/// time of a network = other + Σ_l (fixed_l + perWeight_l · kept weights of l)     milliseconds
/// ```
///
/// Both numbers of a layer are fitted to times of it with few and with many weights kept; its dense
/// time is measured, too, for layers that are not pruned. `other` is the time of all steps besides
/// these layers. Immutable.
///
/// @param network hash of the network's layers ([NetworkHash])
/// @param batch number of examples of a run
/// @param threads number of threads of a run
/// @param machine the machine, by fact
/// @param patterns the times, by pattern of the zeros as [falcon.budget.SparsityPattern] writes it
public record TimingTable(
    String network,
    int batch,
    int threads,
    Map<String, String> machine,
    Map<String, PatternTimes> patterns) {
  /// The name of the resource.
  public static final String NAME = "time";

  private static final String KIND = "falcon timing table";
  private static final String ADVICE = "Give a table that 'bench' has written.";

  /// Decimal places of a millisecond that costs are rounded to: picoseconds.
  private static final int PLACES = 9;

  /// Facts of a machine that times do not depend on.
  private static final String MEMORY = "memoryBytes";

  /// The times with one pattern.
  ///
  /// @param dense milliseconds of the dense network
  /// @param other milliseconds of all steps besides the layers
  /// @param layers the layers, by name of the weight tensor
  public record PatternTimes(double dense, double other, Map<String, LayerTime> layers) {
    /// Copies the map; its order is kept.
    public PatternTimes {
      layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
    }
  }

  /// The times of one layer, in milliseconds.
  ///
  /// @param fixed what it takes without weights, 0 or more
  /// @param perWeight what a kept weight adds, 0 or more
  /// @param dense what it takes with all weights
  /// @param points what was measured
  public record LayerTime(double fixed, double perWeight, double dense, List<Point> points) {
    /// Copies the list.
    public LayerTime {
      points = List.copyOf(points);
    }
  }

  /// A measured time of a layer.
  ///
  /// @param kept number of kept weights
  /// @param milliseconds median of the rounds
  public record Point(long kept, double milliseconds) {}

  /// Copies the maps; their order is kept.
  public TimingTable {
    machine = Collections.unmodifiableMap(new LinkedHashMap<>(machine));
    patterns = Collections.unmodifiableMap(new LinkedHashMap<>(patterns));
  }

  /// Returns the facts of this machine, as a table has them.
  public static Map<String, String> thisMachine() {
    var facts = new LinkedHashMap<String, String>();
    Machine.facts().forEach((name, value) -> facts.put(name, String.valueOf(value)));
    facts.put("java", Runtime.version().toString());
    return facts;
  }

  /// Returns the line through measured points: least squares of the relative errors, neither number
  /// below 0.
  ///
  /// @param points two or more, of different numbers of kept weights
  /// @param dense what the layer takes with all weights, in milliseconds
  public static LayerTime fitted(List<Point> points, double dense) {
    double w = 0;
    double wx = 0;
    double wy = 0;
    double wxx = 0;
    double wxy = 0;
    for (Point point : points) {
      double weight = 1 / Math.max(1e-18, point.milliseconds() * point.milliseconds());
      w += weight;
      wx += weight * point.kept();
      wy += weight * point.milliseconds();
      wxx += weight * point.kept() * point.kept();
      wxy += weight * point.kept() * point.milliseconds();
    }
    double spread = w * wxx - wx * wx;
    double slope = spread > 0 ? Math.max(0, (w * wxy - wx * wy) / spread) : 0;
    double start = (wy - slope * wx) / w;
    return start < 0
        ? new LayerTime(0, wxy / wxx, dense, points)
        : new LayerTime(start, slope, dense, points);
  }

  /// Reads a table.
  ///
  /// @throws PruningException if the file cannot be read, or is no such table: names the place
  public static TimingTable read(Path path) {
    JsonNode json = Json.read(path, ADVICE);
    if (!json.path("kind").asText().equals(KIND)) {
      throw bad(path, "it is no timing table", ADVICE);
    }
    var machine = new LinkedHashMap<String, String>();
    json.path("machine")
        .properties()
        .forEach(fact -> machine.put(fact.getKey(), fact.getValue().asText()));
    var patterns = new LinkedHashMap<String, PatternTimes>();
    for (JsonNode times : json.path("patterns")) {
      var layers = new LinkedHashMap<String, LayerTime>();
      for (JsonNode layer : times.path("layers")) {
        String name = layer.path("name").asText();
        String place = "layer '%s'".formatted(name);
        var points = new ArrayList<Point>();
        for (JsonNode point : layer.path("points")) {
          points.add(
              new Point(point.path("kept").asLong(), number(path, point, "milliseconds", place)));
        }
        var time =
            new LayerTime(
                number(path, layer, "fixed", place),
                number(path, layer, "perWeight", place),
                number(path, layer, "dense", place),
                points);
        if (layers.put(name, time) != null) {
          throw bad(path, place + " is there twice", "Remove one of them.");
        }
      }
      String pattern = times.path("pattern").asText();
      patterns.put(
          pattern,
          new PatternTimes(
              number(path, times, "dense", pattern),
              number(path, times, "other", pattern),
              layers));
    }
    if (patterns.isEmpty()) {
      throw bad(path, "it has no times", ADVICE);
    }
    return new TimingTable(
        json.path("network").asText(),
        json.path("batch").asInt(1),
        json.path("threads").asInt(1),
        machine,
        patterns);
  }

  private static double number(Path path, JsonNode node, String key, String place) {
    JsonNode value = node.path(key);
    double number = value.doubleValue();
    if (!value.isNumber() || !Double.isFinite(number) || number < 0) {
      throw bad(
          path,
          "'%s' of %s is %s, and a time is a number of 0 or more"
              .formatted(key, place, value.isMissingNode() ? "missing" : value.toString()),
          "Measure again, or mend it.");
    }
    return number;
  }

  private static PruningException bad(Path path, String what, String advice) {
    return new PruningException(
        PruningException.Kind.INPUT, "%s: %s.%n%s".formatted(path, what, advice));
  }

  /// Writes the table.
  ///
  /// @throws falcon.model.UnwritableFileException if the file cannot be written
  public void write(Path path) {
    Json.write(json(), path);
  }

  /// Returns the content of the table's file.
  public ObjectNode json() {
    ObjectNode json = Json.object();
    json.put("kind", KIND).put("version", 1).put("network", network);
    json.put("batch", batch).put("threads", threads);
    machine.forEach(json.putObject("machine")::put);
    ArrayNode all = json.putArray("patterns");
    patterns.forEach((pattern, times) -> {
      ObjectNode one = all.addObject().put("pattern", pattern);
      one.put("dense", times.dense()).put("other", times.other());
      ArrayNode layers = one.putArray("layers");
      times
          .layers()
          .forEach((name, time) -> {
            ObjectNode layer = layers.addObject().put("name", name);
            layer
                .put("fixed", time.fixed())
                .put("perWeight", time.perWeight())
                .put("dense", time.dense());
            ArrayNode points = layer.putArray("points");
            for (Point point : time.points()) {
              points
                  .addObject()
                  .put("kept", point.kept())
                  .put("milliseconds", point.milliseconds());
            }
          });
    });
    return json;
  }

  /// Returns the times as costs in milliseconds.
  ///
  /// @param path the table's file, for messages
  /// @param factor what the times of the pruned network are multiplied by, above 0: other than 1
  ///     where it was found to take that many times as long as the table says
  public CostModel costs(Path path, double factor) {
    return new TimeCosts(this, path, factor);
  }

  /// The costs of a table.
  private record TimeCosts(TimingTable table, Path path, double factor) implements CostModel {
    @Override
    public LayerCosts of(Subject subject) {
      String own = NetworkHash.of(subject.layers());
      if (!table.network().equals(own)) {
        throw bad(
            path,
            "it is of the network %s, this one is %s".formatted(table.network(), own),
            "Measure this network: 'bench' with %s.".formatted(Option.TABLE));
      }
      String pattern = subject.pattern().toString();
      PatternTimes times = table.patterns().get(pattern);
      if (times == null) {
        throw bad(
            path,
            "it has no times of the pattern '%s', but of %s"
                .formatted(pattern, String.join(", ", table.patterns().keySet())),
            "Measure them: 'bench' with %s and %s %s."
                .formatted(Option.TABLE, Option.PATTERN, pattern));
      }
      var byLayer = new ArrayList<CostPattern>();
      double fixed = times.other();
      for (CostTable.Layer layer : subject.costs().layers()) {
        LayerTime time = times.layers().get(layer.name());
        if (time == null) {
          throw bad(
              path,
              "it has no times of layer '%s', which is pruned".formatted(layer.name()),
              "Measure again with the same layers.");
        }
        fixed += time.fixed();
        byLayer.add(CostPattern.same(picoseconds(time.perWeight())));
      }
      for (Map.Entry<String, LayerTime> layer : times.layers().entrySet()) {
        if (subject.costs().layer(layer.getKey()) == null) {
          fixed += layer.getValue().dense();
        }
      }
      return new LayerCosts(byLayer, picoseconds(fixed), dense(times), PLACES, notes());
    }

    /// Returns what the dense network takes, of which budgets are a share: as it was measured.
    private static long dense(PatternTimes times) {
      return Decimals.whole(BigDecimal.valueOf(times.dense()), PLACES);
    }

    private long picoseconds(double milliseconds) {
      return Decimals.whole(BigDecimal.valueOf(milliseconds * factor), PLACES);
    }

    private List<String> notes() {
      var differences = new ArrayList<String>();
      thisMachine()
          .forEach((fact, value) -> {
            String there = table.machine().get(fact);
            if (!fact.equals(MEMORY) && !Objects.equals(there, value)) {
              differences.add("%s %s there, %s here".formatted(fact, there, value));
            }
          });
      return differences.isEmpty()
          ? List.of()
          : List.of(
              "The timing table is of another machine (%s): times here may differ."
                  .formatted(String.join("; ", differences)));
    }

    @Override
    public String unit() {
      return "ms";
    }

    @Override
    public Map<String, BigDecimal> units() {
      return Map.of(
          "ns", new BigDecimal("1e-6"),
          "us", new BigDecimal("1e-3"),
          "µs", new BigDecimal("1e-3"),
          "ms", BigDecimal.ONE,
          "s", BigDecimal.valueOf(1_000));
    }

    @Override
    public String identity() {
      return "times SHA-256 " + FileContent.sha256(Json.text(table.json()));
    }
  }
}
