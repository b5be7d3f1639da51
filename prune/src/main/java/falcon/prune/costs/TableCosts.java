package falcon.prune.costs;

import falcon.budget.CostPattern;
import falcon.budget.CostTable;
import falcon.model.MalformedModelException;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.layer.Layer;
import falcon.model.layer.LayerSelection;
import falcon.model.safetensors.SafetensorsFile;
import falcon.prune.options.CostModel;
import falcon.prune.options.LayerCosts;
import falcon.prune.options.PruningException;
import falcon.prune.storage.FileContent;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The costs in one resource of a [CostFile].
///
/// Layers that are not pruned may be in the table: all of their weights stay, so that their costs
/// are fixed. Those of pruned layers must be.
///
/// @param path the table
/// @param resource name of the resource
/// @param unit its unit; empty if it has none
/// @param rows its rows
/// @param network hash of the network that the table is for; null if it does not say
/// @param networkLine line of the hash
/// @param sha hash of the table's text
record TableCosts(
    Path path,
    String resource,
    String unit,
    List<CostRow> rows,
    @Nullable String network,
    int networkLine,
    String sha)
    implements CostModel {
  TableCosts {
    rows = List.copyOf(rows);
  }

  /// The costs of one layer: those of its kinds of weights, and the kind of each weight.
  private static final class Costs {
    private final List<BigDecimal> kinds;
    private final int[] kindOf;
    private final int weights;
    private final BigDecimal fixed;

    /// @param kindOf kind of each weight, repeated to the end of the layer; not copied
    Costs(List<BigDecimal> kinds, int[] kindOf, int weights, BigDecimal fixed) {
      this.kinds = kinds;
      this.kindOf = kindOf;
      this.weights = weights;
      this.fixed = fixed;
    }

    BigDecimal all() {
      var counts = new long[kinds.size()];
      for (int j = 0; j < weights; j++) {
        counts[kindOf[j % kindOf.length]]++;
      }
      BigDecimal sum = BigDecimal.ZERO;
      for (int kind = 0; kind < counts.length; kind++) {
        sum = sum.add(kinds.get(kind).multiply(BigDecimal.valueOf(counts[kind])));
      }
      return sum;
    }

    CostPattern pattern(int places) {
      return CostPattern.repeating(
          kindOf,
          kinds.stream()
              .map(cost -> new long[] {Decimals.whole(cost, places)})
              .toArray(long[][]::new));
    }
  }

  @Override
  public LayerCosts of(Subject subject) {
    requireNetwork(subject);
    Map<String, List<CostRow>> byLayer = new LinkedHashMap<>();
    for (CostRow row : rows) {
      byLayer.computeIfAbsent(row.layer(), _ -> new ArrayList<>()).add(row);
    }
    Map<String, Layer> layers = new LinkedHashMap<>();
    subject.layers().all().forEach(layer -> layers.put(layer.tensor(), layer));
    Map<String, Costs> costs = new LinkedHashMap<>();
    byLayer.forEach((name, of) -> costs.put(name, costs(layer(layers, name, of), of)));
    requireAll(subject.costs(), costs);
    BigDecimal fixed = BigDecimal.ZERO;
    BigDecimal dense = BigDecimal.ZERO;
    var occurring = new ArrayList<BigDecimal>();
    for (Map.Entry<String, Costs> entry : costs.entrySet()) {
      Costs of = entry.getValue();
      BigDecimal all = of.all();
      boolean isPruned = subject.costs().layer(entry.getKey()) != null;
      fixed = fixed.add(of.fixed).add(isPruned ? BigDecimal.ZERO : all);
      dense = dense.add(of.fixed).add(all);
      occurring.addAll(of.kinds);
      occurring.add(of.fixed);
    }
    int places = Decimals.places(occurring, dense);
    var patterns = new ArrayList<CostPattern>();
    long total = Decimals.whole(fixed, places);
    for (CostTable.Layer layer : subject.costs().layers()) {
      CostPattern pattern = Objects.requireNonNull(costs.get(layer.name())).pattern(places);
      patterns.add(pattern);
      int[] counts = pattern.countByKind(layer.count());
      for (int kind = 0; kind < counts.length; kind++) {
        total = Math.addExact(total, Math.multiplyExact(counts[kind], pattern.cost(kind, 0)));
      }
    }
    return new LayerCosts(patterns, Decimals.whole(fixed, places), total, places, List.of());
  }

  private void requireNetwork(Subject subject) {
    String own = NetworkHash.of(subject.layers());
    if (network != null && !network.equals(own)) {
      throw bad(
          networkLine,
          "the table is for the network %s, this one is %s".formatted(network, own),
          "Give the table of this network; if its costs are right here, remove the line.");
    }
  }

  private Layer layer(Map<String, Layer> layers, String name, List<CostRow> of) {
    Layer layer = layers.get(name);
    if (layer == null) {
      throw bad(
          of.getFirst().line(),
          "the network has no layer '%s'".formatted(name),
          "Near names: %s. 'inspect' lists all."
              .formatted(
                  String.join(", ", LayerSelection.near(name, List.copyOf(layers.keySet())))));
    }
    return layer;
  }

  private void requireAll(CostTable pruned, Map<String, Costs> costs) {
    List<String> missing =
        pruned.layers().stream()
            .map(CostTable.Layer::name)
            .filter(name -> !costs.containsKey(name))
            .toList();
    if (!missing.isEmpty()) {
      throw bad(
          rows.getLast().line(),
          "there is no cost of '%s' for %d of %d layers that are pruned, such as '%s'"
              .formatted(resource, missing.size(), pruned.layers().size(), missing.getFirst()),
          "Add a line for each of them: %s."
              .formatted(missing.stream().limit(5).collect(Collectors.joining(", "))));
    }
  }

  private Costs costs(Layer layer, List<CostRow> of) {
    CostRow first = of.getFirst();
    if (of.size() > 1) {
      for (CostRow row : of) {
        if (row.isWhole()) {
          CostRow other = row.line() == first.line() ? of.get(1) : first;
          throw bad(
              Math.max(row.line(), other.line()),
              "layer '%s' has a cost of '%s' in line %d already"
                  .formatted(layer.tensor(), resource, Math.min(row.line(), other.line())),
              "Remove one of the lines.");
        }
      }
    }
    if (first.tensors() != null) {
      return ofTensor(layer, first, first.tensors());
    }
    if (first.isWhole() && first.cost() != null) {
      return new Costs(List.of(first.cost()), new int[1], layer.weights(), first.fixed());
    }
    return ofParts(layer, of);
  }

  private Costs ofParts(Layer layer, List<CostRow> of) {
    long length = layer.shape().getFirst();
    int each = Math.toIntExact(layer.weights() / length);
    var rowAt = new CostRow[Math.toIntExact(length)];
    var kinds = new ArrayList<BigDecimal>();
    var kindOf = new int[layer.weights()];
    BigDecimal fixed = BigDecimal.ZERO;
    for (CostRow row : of) {
      if (row.last() >= length) {
        throw bad(
            row.line(),
            "layer '%s' has the indexes 0 to %d, not %d"
                .formatted(layer.tensor(), length - 1, row.last()),
            "They are those of the first axis of its shape, %s.".formatted(layer.shape()));
      }
      for (int i = (int) row.first(); i <= row.last(); i++) {
        CostRow other = rowAt[i];
        if (other != null) {
          throw bad(
              row.line(),
              "index %d of layer '%s' has a cost in line %d already"
                  .formatted(i, layer.tensor(), other.line()),
              "Remove one of them.");
        }
        rowAt[i] = row;
        Arrays.fill(kindOf, i * each, (i + 1) * each, kinds.size());
      }
      kinds.add(Objects.requireNonNull(row.cost()));
      fixed = fixed.add(row.fixed());
    }
    for (int i = 0; i < rowAt.length; i++) {
      if (rowAt[i] == null) {
        throw bad(
            of.getLast().line(),
            "index %d of layer '%s' has no cost of '%s'".formatted(i, layer.tensor(), resource),
            "Add a line for it; there are %d.".formatted(length));
      }
    }
    return new Costs(kinds, kindOf, layer.weights(), fixed);
  }

  private Costs ofTensor(Layer layer, CostRow row, String name) {
    Path file = path.resolveSibling(name);
    StateDict content;
    try {
      content = SafetensorsFile.read(file);
    } catch (MalformedModelException e) {
      throw bad(
          path, row.line(), e.getMessage() + "", "Give the name of a file beside the table.", e);
    }
    Tensor tensor = content.tensors().get(layer.tensor());
    if (tensor == null || !tensor.shape().equals(layer.shape())) {
      throw bad(
          row.line(),
          tensor == null
              ? "%s has no tensor '%s'".formatted(file, layer.tensor())
              : "%s has '%s' in the shape %s, the layer has %s"
                  .formatted(file, layer.tensor(), tensor.shape(), layer.shape()),
          "It has a tensor of costs for each layer, of the name and the shape of the layer.");
    }
    if (!tensor.type().isFloatingPoint()) {
      throw bad(
          row.line(),
          "'%s' in %s is of type %s".formatted(layer.tensor(), file, tensor.type()),
          "Costs are floating-point numbers.");
    }
    float[] values = tensor.toFloats();
    var kinds = new ArrayList<BigDecimal>();
    var known = new HashMap<Float, Integer>();
    var kindOf = new int[values.length];
    for (int j = 0; j < values.length; j++) {
      float value = values[j];
      if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
        throw bad(
            row.line(),
            "weight %d of '%s' in %s costs %s".formatted(j, layer.tensor(), file, value),
            "A cost is finite and 0 or more.");
      }
      Integer kind = known.get(value + 0f); // −0 is 0
      if (kind == null) {
        kind = kinds.size();
        known.put(value + 0f, kind);
        kinds.add(new BigDecimal(Float.toString(value + 0f)));
      }
      kindOf[j] = kind;
    }
    return new Costs(kinds, kindOf, layer.weights(), row.fixed());
  }

  @Override
  public Map<String, BigDecimal> units() {
    var units = new TreeMap<String, BigDecimal>();
    units.put("", BigDecimal.ONE);
    units.put("k", BigDecimal.valueOf(1_000));
    units.put("M", BigDecimal.valueOf(1_000_000));
    units.put("G", BigDecimal.valueOf(1_000_000_000));
    if (!unit.isEmpty()) {
      units.put(unit, BigDecimal.ONE);
    }
    return units;
  }

  @Override
  public String identity() {
    var text = new StringBuilder("table SHA-256 " + sha);
    rows.stream()
        .map(CostRow::tensors)
        .filter(Objects::nonNull)
        .distinct()
        .forEach(name -> text.append(", %s SHA-256 %s".formatted(name, sha(String.valueOf(name)))));
    return text.toString();
  }

  private String sha(String name) {
    try {
      return FileContent.of(path.resolveSibling(name)).sha256();
    } catch (IOException e) {
      throw bad(
          path,
          rows.getFirst().line(),
          "%s cannot be read: %s".formatted(name, e.getMessage()),
          "Check the file.",
          e);
    }
  }

  private PruningException bad(int line, String what, String advice) {
    return bad(path, line, what, advice, null);
  }

  static PruningException bad(
      Path path, int line, String what, String advice, @Nullable Throwable cause) {
    String message = "%s:%d: %s.%n%s".formatted(path, line, what, advice);
    return cause == null
        ? new PruningException(PruningException.Kind.INPUT, message)
        : new PruningException(PruningException.Kind.INPUT, message, cause);
  }
}
