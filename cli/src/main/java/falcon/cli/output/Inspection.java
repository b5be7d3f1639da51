package falcon.cli.output;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.WeightStorage;
import falcon.model.layer.BranchWeights;
import falcon.model.layer.DenseProduct;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.layer.PruningReach;
import falcon.model.onnx.OnnxFile;
import falcon.model.shape.Obstacle;
import falcon.model.stored.StoredWeights;
import falcon.prune.costs.NetworkHash;
import falcon.prune.plan.PlannedResource;
import falcon.prune.plan.PruningPlan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The costs of a network, as a table and as JSON.
///
/// @param layers layers of the network
/// @param plan a plan with budgets of further resources; null if there are none
public record Inspection(Network network, Layers layers, @Nullable PruningPlan plan) {
  /// Greatest length of a name; longer ones are shown without their middle.
  private static final int WIDEST_NAME = 48;

  private static final String UNKNOWN = "unknown";

  /// A row of the table and its node.
  private record Row(int node, List<Object> cells) {}

  /// Returns the table, the totals and the obstacles to pruning, for people.
  public String text() {
    var table =
        new Table(
            "weights of",
            "operator",
            "shape",
            ">weights",
            ">positions",
            ">MACs",
            ">2×MACs",
            ">share",
            "pruned");
    rows().forEach(row -> table.row(row.cells().toArray()));
    var lines = new ArrayList<String>();
    lines.add("%s%n%n%s%n".formatted(network, table));
    lines.add(
        "prunable: %d tensors, %s weights, %s MACs (%s FLOPs = 2 × MACs)"
            .formatted(
                layers.prunable().size(),
                count(layers.prunableWeights()),
                count(layers.prunableMacs()),
                count(2 * layers.prunableMacs())));
    lines.add(
        "all:      %d tensors, %s weights, %s MACs (%s FLOPs)"
            .formatted(
                layers.all().size(),
                count(weights()),
                count(layers.layerMacs()),
                count(2 * layers.layerMacs())));
    if (!layers.denseProducts().isEmpty()) {
      lines.add(
          "total:    with %d products that stay dense, %s MACs (%s FLOPs)"
              .formatted(
                  layers.denseProducts().size(),
                  count(layers.totalMacs()),
                  count(2 * layers.totalMacs())));
    }
    addResources(lines);
    List<String> functions = OnnxFile.functions(network);
    if (!functions.isEmpty()) {
      lines.add(
          "The %d local functions of the file are written out here; a pruned file keeps them."
              .formatted(functions.size()));
    }
    if (!layers.inBranches().isEmpty()) {
      lines.add(
          "branches: %d tensors more, %s weights, in bodies of control flow that data decide about"
              .formatted(
                  layers.inBranches().size(),
                  count(layers.inBranches().stream().mapToLong(BranchWeights::weights).sum())));
    }
    lines.add(
        """
        Counted for one example: convolutions (padding like pixels), matrix products and recurrent layers;
        biases, normalisation and activations are neither counted nor pruned. Positions: how often a
        weight is used, its MACs.\
        """);
    List<String> texts = layers.reach().texts();
    if (!texts.isEmpty()) {
      lines.add("");
      texts.forEach(text -> lines.add("warning: " + text));
    }
    addObstacles(lines);
    return String.join(System.lineSeparator(), lines);
  }

  private void addResources(List<String> lines) {
    if (plan != null) {
      for (PlannedResource resource : plan.resources()) {
        lines.add(
            "%s: %s, of which %s (%.1f %%) whatever is pruned; a budget of %s is %s"
                .formatted(
                    resource.name(),
                    resource.text(resource.total()),
                    resource.text(resource.fixed()),
                    resource.percent(resource.fixed()),
                    resource.request(),
                    resource.text(resource.limit())));
      }
      lines.add("network sha256 %s (of its layers, for tables of costs)".formatted(hash()));
    }
  }

  private String hash() {
    return NetworkHash.of(layers);
  }

  private void addObstacles(List<String> lines) {
    if (!layers.isCounted()) {
      lines.add("");
      lines.add("Not everything is counted; the sums above are what is known. In the way:");
    } else if (!layers.obstacles().isEmpty()) {
      lines.add("");
      lines.add("Operators whose shapes are not known; nothing behind them is counted:");
    }
    for (Obstacle obstacle : layers.obstacles()) {
      lines.add("  %s. %s".formatted(obstacle, obstacle.advice()));
    }
    if (!layers.leftOut().isEmpty()) {
      lines.add("");
      lines.add(
          "The output that counts does not need these, which cannot be run; they stay as they"
              + " are:");
      layers.leftOut().forEach(obstacle -> lines.add("  " + obstacle));
    }
    if (!network.opaqueInitializers().isEmpty()) {
      lines.add("");
      lines.add("Constants that Falcon cannot read; they stay as they are:");
      network
          .opaqueInitializers()
          .forEach((name, kind) -> lines.add("  %s: %s%s".formatted(name, kind, readers(name))));
    }
  }

  private String readers(String constant) {
    List<Node> readers = network.consumers(constant);
    return readers.isEmpty()
        ? ""
        : ", read by " + readers.stream().map(Node::label).collect(Collectors.joining(", "));
  }

  private List<Row> rows() {
    var places = new IdentityHashMap<Node, Integer>();
    network.nodes().forEach(node -> places.put(node, places.size()));
    var rows = new ArrayList<Row>();
    Network unfolded = StoredWeights.unfolded(network);
    for (Layer layer : layers.all()) {
      List<String> constants = constants(unfolded, layer);
      String place =
          constants.isEmpty()
              ? ""
              : ", in "
                  + constants.stream().map("'%s'"::formatted).collect(Collectors.joining(" and "));
      rows.add(
          new Row(
              places.getOrDefault(layer.nodes().getFirst(), 0),
              List.of(
                  shortened(layer.tensor()),
                  layer.opType(),
                  shape(storedShape(layer)),
                  count(layer.weights()),
                  layer.isCounted() ? count(layer.macsPerWeight()) : UNKNOWN,
                  layer.isCounted() ? count(layer.macs()) : UNKNOWN,
                  layer.isCounted() ? count(2 * layer.macs()) : UNKNOWN,
                  layer.isCounted() ? share(layer.macs()) : "",
                  layer.isPrunable() ? "yes" + place : "no: " + layer.notPrunableReason())));
    }
    for (DenseProduct product : layers.denseProducts()) {
      rows.add(
          new Row(
              places.getOrDefault(product.node(), 0),
              List.of(
                  shortened(name(product.node())),
                  product.node().opType(),
                  "",
                  "",
                  "",
                  product.isCounted() ? count(product.macs()) : UNKNOWN,
                  product.isCounted() ? count(2 * product.macs()) : UNKNOWN,
                  product.isCounted() ? share(product.macs()) : "",
                  "no: " + product.reason())));
    }
    for (BranchWeights weights : layers.inBranches()) {
      rows.add(
          new Row(
              places.getOrDefault(weights.flow(), 0),
              List.of(
                  shortened(weights.tensor()),
                  weights.user().opType(),
                  shape(weights.shape()),
                  count(weights.weights()),
                  UNKNOWN,
                  UNKNOWN,
                  UNKNOWN,
                  "",
                  "no: " + weights.reason())));
    }
    rows.sort(Comparator.comparingInt(Row::node));
    return rows;
  }

  /// Returns one document with everything that [#text] shows, names at full length.
  public String json() {
    ObjectNode json = JsonText.document().put("name", network.name()).put("sha256", hash());
    if (plan != null) {
      json.set("resources", ResourceJson.of(plan));
    }
    ArrayNode all = json.putArray("layers");
    Network unfolded = StoredWeights.unfolded(network);
    for (Layer layer : layers.all()) {
      ObjectNode node = all.addObject().put("name", layer.tensor()).put("kind", layer.opType());
      ArrayNode nodes = node.putArray("nodes");
      layer.nodes().forEach(use -> nodes.add(name(use)));
      storedShape(layer).forEach(node.putArray("shape")::add);
      List<String> constants = constants(unfolded, layer);
      if (!constants.isEmpty()) {
        constants.forEach(node.putArray("constants")::add);
      }
      Tensor stored = network.initializers().get(layer.tensor());
      node.put(
              "type", (stored == null ? unfolded.tensor(layer.tensor()) : stored).type().toString())
          .put("weights", layer.weights())
          .put("macsPerWeight", layer.isCounted() ? layer.macsPerWeight() : null)
          .put("macs", layer.isCounted() ? layer.macs() : null)
          .put("flops", layer.isCounted() ? 2 * layer.macs() : null)
          .put("uncounted", withFlags(layer.uncountedReason()))
          .put("prunable", layer.isPrunable())
          .put("reason", withFlags(layer.notPrunableReason()));
    }
    ArrayNode products = json.putArray("denseProducts");
    for (DenseProduct product : layers.denseProducts()) {
      products
          .addObject()
          .put("name", name(product.node()))
          .put("kind", product.node().opType())
          .put("macs", product.isCounted() ? product.macs() : null)
          .put("flops", product.isCounted() ? 2 * product.macs() : null)
          .put("uncounted", withFlags(product.uncountedReason()))
          .put("reason", withFlags(product.reason()));
    }
    OnnxFile.functions(network).forEach(json.putArray("functions")::add);
    ArrayNode inBranches = json.putArray("inBranches");
    for (BranchWeights weights : layers.inBranches()) {
      ObjectNode node =
          inBranches
              .addObject()
              .put("name", weights.tensor())
              .put("kind", weights.user().opType())
              .put("node", name(weights.flow()))
              .put("type", weights.type().toString())
              .put("weights", weights.weights())
              .put("reason", withFlags(weights.reason()));
      weights.shape().forEach(node.putArray("shape")::add);
    }
    addObstacles(json);
    sums(
        json,
        "prunable",
        layers.prunable().size(),
        layers.prunableWeights(),
        layers.prunableMacs());
    sums(json, "total", layers.all().size(), weights(), layers.layerMacs());
    json.put("counted", layers.isCounted());
    addReach(json);
    json.put("allMacs", layers.totalMacs());
    return JsonText.of(json);
  }

  private void addObstacles(ObjectNode json) {
    addObstacles(json.putArray("unsupported"), layers.obstacles());
    addObstacles(json.putArray("notNeeded"), layers.leftOut());
    ArrayNode opaque = json.putArray("opaque");
    network
        .opaqueInitializers()
        .forEach((name, kind) -> opaque.addObject().put("name", name).put("kind", kind));
  }

  private static void addObstacles(ArrayNode json, List<Obstacle> obstacles) {
    for (Obstacle obstacle : obstacles) {
      Node node = obstacle.node();
      json.addObject()
          .put("node", node == null ? null : name(node))
          .put("operator", node == null ? null : node.opType())
          .put("domain", node == null ? null : node.domain().isEmpty() ? "ai.onnx" : node.domain())
          .put("problem", withFlags(obstacle.problem()))
          .put("advice", withFlags(obstacle.advice()));
    }
  }

  private void addReach(ObjectNode json) {
    PruningReach reach = layers.reach();
    ObjectNode node =
        json.putObject("unprunable")
            .put("macs", reach.unprunableMacs())
            .put("percent", 100 * reach.unprunableShare());
    parts(node.putArray("layers"), reach.unprunable());
    parts(json.putArray("uncounted"), reach.uncounted());
    parts(json.putArray("unknown"), reach.unknown());
    ArrayNode warnings = json.putArray("warnings");
    reach.texts().forEach(text -> warnings.add(withFlags(text)));
  }

  private static void parts(ArrayNode array, List<PruningReach.Part> parts) {
    for (PruningReach.Part part : parts) {
      array
          .addObject()
          .put("name", part.name())
          .put("kind", part.operator())
          .put("macs", part.macs())
          .put("weights", part.weights())
          .put("reason", withFlags(part.reason()));
    }
  }

  private static @Nullable String withFlags(@Nullable String reason) {
    return reason == null ? null : Flags.in(reason);
  }

  private static void sums(ObjectNode json, String key, int tensors, long weights, long macs) {
    json.putObject(key)
        .put("tensors", tensors)
        .put("weights", weights)
        .put("macs", macs)
        .put("flops", 2 * macs);
  }

  /// Returns the name of a node, or of its output where it has none.
  private static String name(Node node) {
    return node.name().isEmpty() && !node.outputs().isEmpty()
        ? node.outputs().getFirst()
        : node.name();
  }

  private long weights() {
    return layers.all().stream().mapToLong(Layer::weights).sum();
  }

  private String share(long macs) {
    return layers.isCounted()
        ? "%.1f %%".formatted(100.0 * macs / Math.max(1, layers.totalMacs()))
        : "";
  }

  /// Returns a long name's beginning and end, which are more informative than its middle.
  static String shortened(String name) {
    if (name.length() <= WIDEST_NAME) {
      return name;
    }
    int before = WIDEST_NAME / 2 - 1;
    return name.substring(0, before)
        + "…"
        + name.substring(name.length() - (WIDEST_NAME - before - 1));
  }

  /// Returns the shape of a layer's tensor as the file has it; that which the product uses if the
  /// layer is a part of a constant, or made of several.
  private List<Long> storedShape(Layer layer) {
    Tensor stored = network.initializers().get(layer.tensor());
    return stored == null ? layer.shape() : stored.shape();
  }

  /// Returns the constants that a layer is a part of, or made of; empty if it is one itself.
  private List<String> constants(Network unfolded, Layer layer) {
    WeightStorage storage = unfolded.storage(layer.tensor());
    return storage == null || network.initializers().containsKey(layer.tensor())
        ? List.of()
        : List.copyOf(storage.constants().keySet());
  }

  private static String shape(List<Long> sizes) {
    return sizes.stream().map(Object::toString).collect(Collectors.joining("×"));
  }

  private static String count(long value) {
    return "%,d".formatted(value);
  }
}
