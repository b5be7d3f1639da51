package falcon.model.stored;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.WeightStorage;
import falcon.model.operator.OperatorRule;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Follows every constant of a network to the products that use it.
final class StorageSearch {
  private final Network network;
  private final StepReader reader;
  private final Set<String> outputs;
  private final Map<String, WeightStorage> storages = new LinkedHashMap<>();
  private final Map<String, Tensor> weights = new HashMap<>();
  private final Map<String, String> renamed = new HashMap<>();
  private final Set<String> unmade = new HashSet<>();
  private final Map<String, String> reasonByOperand = new HashMap<>();

  StorageSearch(Network network) {
    this.network = network;
    this.reader = new StepReader(new Constants(network));
    this.outputs = network.outputs().stream().map(o -> o.name()).collect(Collectors.toSet());
  }

  /// A use of a constant as weights, with the nodes on the way.
  ///
  /// @param value what the product reads
  private record Use(Node node, String value, List<Link> links) {}

  /// A value on the way.
  private record Place(String value, Form form, List<Link> links) {}

  /// What reads a constant, directly or behind steps.
  ///
  /// @param obstacle what keeps the constant from being changed; null if nothing does
  private record Readers(List<Use> uses, @Nullable String obstacle) {}

  StoredWeights run() {
    network
        .initializers()
        .forEach((name, tensor) -> {
          boolean isNumber = tensor.type().isFloatingPoint() || IntegerRange.isOf(tensor.type());
          if (isNumber && tensor.size() > 1 && isArranged(name)) {
            follow(name, tensor);
          }
        });
    return new StoredWeights(
        storages.isEmpty() ? network : network.withStorages(nodes(), weights, storages),
        reasonByOperand);
  }

  /// Returns whether a node reads the constant that may be a step.
  private boolean isArranged(String name) {
    return network.consumers(name).stream().anyMatch(node -> StepReader.isKnown(node));
  }

  private List<Node> nodes() {
    var nodes = new ArrayList<Node>();
    for (Node node : network.nodes()) {
      if (node.outputs().isEmpty() || !unmade.contains(node.outputs().getFirst())) {
        List<String> inputs =
            node.inputs().stream().map(input -> renamed.getOrDefault(input, input)).toList();
        nodes.add(
            inputs.equals(node.inputs())
                ? node
                : new Node(
                    node.name(),
                    node.opType(),
                    node.domain(),
                    inputs,
                    node.outputs(),
                    node.attributes()));
      }
    }
    return nodes;
  }

  private void follow(String name, Tensor tensor) {
    Readers readers = readers(name, Form.of(tensor));
    List<Use> uses = readers.uses();
    if (uses.isEmpty()
        || uses.stream().allMatch(use -> use.links().stream().allMatch(Link::isPlain))) {
      return;
    }
    String reason = readers.obstacle();
    int shared = shared(uses);
    boolean isShared =
        shared > 0
            && uses.stream()
                .allMatch(use -> use.links().stream().skip(shared).allMatch(Link::isPlain));
    if (reason == null && !isShared) {
      reason = "'%s' is used in several ways".formatted(name);
    }
    if (reason != null) {
      for (Use use : uses) {
        reasonByOperand.put(use.value(), reason);
      }
      return;
    }
    var chain =
        new WeightChain(
            tensor, uses.getFirst().links().subList(0, shared).stream().map(Link::step).toList());
    storages.put(name, chain);
    weights.put(name, chain.weights());
    for (Use use : uses) {
      use.links().subList(0, shared).forEach(link -> unmade.add(link.output()));
      renamed.put(use.links().get(shared - 1).output(), name);
    }
  }

  /// Returns the number of steps that all uses have in common.
  private static int shared(List<Use> uses) {
    List<Link> first = uses.getFirst().links();
    int shared = first.size();
    for (Use use : uses) {
      int same = 0;
      while (same < Math.min(shared, use.links().size())
          && use.links().get(same).key().equals(first.get(same).key())) {
        same++;
      }
      shared = same;
    }
    return shared;
  }

  private Readers readers(String name, Form form) {
    var uses = new ArrayList<Use>();
    String obstacle = null;
    var open = new ArrayList<>(List.of(new Place(name, form, List.of())));
    while (!open.isEmpty()) {
      Place place = open.removeLast();
      if (outputs.contains(place.value()) && obstacle == null) {
        obstacle = "'%s' is an output of the network".formatted(place.value());
      }
      for (Node node : network.consumers(place.value())) {
        String found = read(node, place, uses, open);
        obstacle = obstacle == null ? found : obstacle;
      }
    }
    return new Readers(uses, obstacle);
  }

  /// Reads one reader of a value.
  ///
  /// @return what is in the way; null if it is a use or a step
  private @Nullable String read(Node node, Place place, List<Use> uses, List<Place> open) {
    int operand = node.inputs().indexOf(place.value());
    if (operand < 0) {
      return "it is read inside the subgraph of " + node.label();
    }
    if (node.inputs().lastIndexOf(place.value()) != operand) {
      return "%s reads '%s' twice".formatted(node.label(), place.value());
    }
    if (isUse(node, operand)) {
      if (!place.form().type().isFloatingPoint()) {
        return "%s computes with whole numbers".formatted(node.label());
      }
      uses.add(new Use(node, place.value(), place.links()));
      return null;
    }
    Link link = reader.read(node, operand, place.form());
    if (link == null) {
      return "%s reads '%s', too".formatted(node.label(), place.value());
    }
    var links = new ArrayList<>(place.links());
    links.add(link);
    open.add(new Place(link.output(), link.step().form(), List.copyOf(links)));
    boolean isStoredWhole =
        place.links().stream().noneMatch(before -> before.step() instanceof WeightStep.Quantized);
    return isStoredWhole ? link.refusal() : null;
  }

  /// Returns whether a node computes with a constant operand as weights, bias or statistics.
  private static boolean isUse(Node node, int operand) {
    Product product = OperatorRules.product(node);
    if (product != null && product.weights(node).contains(operand)) {
      return true;
    }
    OperatorRule rule = OperatorRules.of(node);
    return rule != null
        && (product != null || node.is("BatchNormalization"))
        && rule.learnt().contains(operand);
  }
}
