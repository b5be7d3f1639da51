package falcon.model.stored;

import falcon.model.GraphOrder;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.WeightStorage;
import falcon.model.operator.OperatorRule;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Finds the weights of products that are made of constants.
final class StorageSearch {
  private final Network network;
  private final Derivations derivations;
  private final Set<String> outputs;
  private final Map<String, WeightStorage> storages = new LinkedHashMap<>();
  private final Map<String, Tensor> weights = new HashMap<>();
  private final Map<String, String> renamed = new HashMap<>();
  private final Set<Node> passed = new HashSet<>();
  private final Map<String, String> reasonByOperand = new HashMap<>();

  StorageSearch(Network network) {
    this.network = network;
    this.derivations = new Derivations(network);
    this.outputs = network.outputs().stream().map(o -> o.name()).collect(Collectors.toSet());
  }

  /// A use of a value as weights.
  ///
  /// @param value what the product reads
  /// @param core how the weights are made, before steps that products look through
  /// @param plain those steps, the first one first
  private record Use(String value, Derivation core, List<Derivation.Made> plain) {}

  /// Uses of weights that are made in the same way.
  private static final class Claim {
    private final Derivation core;
    private final List<Use> uses = new ArrayList<>();
    private @Nullable String obstacle;

    /// @param core what the weights are, before steps that products look through
    Claim(Derivation core) {
      this.core = core;
      this.obstacle = core.refusal();
    }

    boolean isDirect() {
      return core instanceof Derivation.Source;
    }

    void refuse(String reason) {
      obstacle = obstacle == null ? reason : obstacle;
    }

    Set<String> sources() {
      var names = new LinkedHashSet<String>();
      core.addSources(names);
      return names;
    }
  }

  /// Searches.
  ///
  /// @param file the network that takes what is found, and whose nodes a written file holds
  StoredWeights run(Network file) {
    List<Claim> claims = claims();
    if (claims.stream().allMatch(Claim::isDirect)) {
      return new StoredWeights(file, Map.of());
    }
    var claimsBySource = new LinkedHashMap<String, List<Claim>>();
    for (Claim claim : claims) {
      for (String source : claim.sources()) {
        claimsBySource.computeIfAbsent(source, _ -> new ArrayList<>()).add(claim);
      }
    }
    claims.stream().filter(claim -> !claim.isDirect()).forEach(StorageSearch::requireOneToOne);
    claimsBySource.forEach(this::contest);
    for (Claim claim : claims) {
      if (claim.obstacle != null) {
        String reason = claim.obstacle;
        claim.uses.forEach(use -> reasonByOperand.put(use.value(), reason));
      } else if (!claim.isDirect()) {
        take(claim);
      }
    }
    return new StoredWeights(
        storages.isEmpty() ? file : file.withStorages(nodes(), weights, storages), reasonByOperand);
  }

  /// Returns whether weights took the place of a value.
  boolean isReplaced(String value) {
    return renamed.containsKey(value);
  }

  private List<Claim> claims() {
    var claims = new LinkedHashMap<Integer, Claim>();
    for (Node node : network.nodes()) {
      for (int operand = 0; operand < node.inputs().size(); operand++) {
        String value = node.inputs().get(operand);
        Derivation made = derivations.of(value);
        if (made != null && made.form().type().isFloatingPoint() && isUse(node, operand)) {
          var plain = new ArrayList<Derivation.Made>();
          while (made instanceof Derivation.Made step && step.link().isPlain()) {
            plain.addFirst(step);
            made = step.from();
          }
          if (isStorage(made)) {
            Derivation core = made;
            claims
                .computeIfAbsent(core.key(), _ -> new Claim(core))
                .uses
                .add(new Use(value, core, List.copyOf(plain)));
          }
        }
      }
    }
    return List.copyOf(claims.values());
  }

  /// Returns whether weights are stored in constants like those that a value is made of.
  private boolean isStorage(Derivation made) {
    var sources = new LinkedHashSet<String>();
    made.addSources(sources);
    return sources.stream()
            .map(network::tensor)
            .allMatch(t -> t.type().isFloatingPoint() || IntegerRange.isOf(t.type()))
        && (sources.size() > 1 || network.tensor(sources.getFirst()).size() > 1);
  }

  /// Refuses the claims on a constant that cannot be met: those on elements that another claim or
  /// another reader needs, too.
  private void contest(String source, List<Claim> claims) {
    if (claims.stream().allMatch(Claim::isDirect)) {
      return;
    }
    List<Reading> readings = otherReadings(source);
    if (claims.size() == 1 && readings.isEmpty()) {
      return;
    }
    var owners = new Claim[network.tensor(source).size()];
    var shared = new LinkedHashSet<Claim>();
    for (Claim claim : claims) {
      elements(claim.core, source).stream()
          .forEach(element -> {
            Claim owner = owners[element];
            if (owner != null) {
              shared.add(owner);
              shared.add(claim);
            }
            owners[element] = claim;
          });
    }
    for (Reading reading : readings) {
      elements(reading.derivation(), source).stream()
          .mapToObj(element -> owners[element])
          .filter(Objects::nonNull)
          .forEach(owner -> owner.refuse(reading.obstacle()));
    }
    shared.forEach(claim -> claim.refuse("'%s' is used in several ways".formatted(source)));
  }

  /// Returns the elements of a constant that a value is made of.
  private static BitSet elements(Derivation derivation, String source) {
    return elements(derivation).getOrDefault(source, new BitSet());
  }

  private static Map<String, BitSet> elements(Derivation derivation) {
    var found = new HashMap<String, BitSet>();
    var all = new int[derivation.form().size()];
    Arrays.fill(all, 1);
    derivation.undo(
        new float[all.length],
        all,
        (name, _, numbers) -> {
          BitSet elements = found.computeIfAbsent(name, _ -> new BitSet());
          for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] > 0) {
              elements.set(i);
            }
          }
        });
    return found;
  }

  /// Refuses a claim on a value that holds an element of a constant twice.
  private static void requireOneToOne(Claim claim) {
    int different = elements(claim.core).values().stream().mapToInt(BitSet::cardinality).sum();
    if (different != claim.core.form().size()) {
      claim.refuse("'%s' holds elements of a constant twice".formatted(claim.core.value()));
    }
  }

  /// A reader of a value other than products that use it as weights and steps on the way to them.
  private record Reading(Derivation derivation, String obstacle) {}

  private List<Reading> otherReadings(String source) {
    var readings = new ArrayList<Reading>();
    var seen = new HashSet<>(Set.of(source));
    var open = new ArrayList<>(List.of(source));
    while (!open.isEmpty()) {
      String value = open.removeLast();
      Derivation derivation = Objects.requireNonNull(derivations.of(value));
      if (outputs.contains(value)) {
        readings.add(new Reading(derivation, "'%s' is an output of the network".formatted(value)));
      }
      for (Node node : network.consumers(value)) {
        String obstacle = obstacle(node, value, derivation.form());
        if (obstacle != null) {
          readings.add(new Reading(derivation, obstacle));
        } else {
          for (String output : node.outputs()) {
            if (derivations.of(output) != null && seen.add(output)) {
              open.add(output);
            }
          }
        }
      }
    }
    return readings;
  }

  /// Returns what keeps a value from being changed when a node reads it.
  ///
  /// @return null if the node is a use or a step
  private @Nullable String obstacle(Node node, String value, Form form) {
    int operand = node.inputs().indexOf(value);
    if (operand < 0 || isReadInside(node, value)) {
      return "it is read inside the subgraph of " + node.label();
    }
    boolean isStep = derivations.isFollowed(node, operand);
    if (node.inputs().lastIndexOf(value) != operand && !(isStep && node.is("Concat"))) {
      return "%s reads '%s' twice".formatted(node.label(), value);
    }
    if (isStep) {
      return null;
    }
    if (!isUse(node, operand)) {
      return "%s reads '%s', too".formatted(node.label(), value);
    }
    return form.type().isFloatingPoint()
        ? null
        : "%s computes with whole numbers".formatted(node.label());
  }

  private static boolean isReadInside(Node node, String value) {
    return GraphOrder.valuesRead(
            new Node(
                node.name(), node.opType(), node.domain(), List.of(), List.of(), node.attributes()))
        .contains(value);
  }

  /// Returns whether a node computes with a constant operand as weights, bias or statistics.
  private boolean isUse(Node node, int operand) {
    if (derivations.isFollowed(node, operand)) {
      return false; // a selection by constant indices is no lookup
    }
    Product product = OperatorRules.product(node);
    if (product != null && product.weights(node).contains(operand)) {
      return true;
    }
    OperatorRule rule = OperatorRules.of(node);
    return rule != null
        && (product != null || node.is("BatchNormalization"))
        && rule.learnt().contains(operand);
  }

  /// Puts weights in the place of what all uses of a claim have in common.
  private void take(Claim claim) {
    List<Derivation.Made> first = claim.uses.getFirst().plain();
    int shared = first.size();
    for (Use use : claim.uses) {
      int same = 0;
      while (same < Math.min(shared, use.plain().size())
          && use.plain().get(same).key() == first.get(same).key()) {
        same++;
      }
      shared = same;
    }
    Derivation all = shared == 0 ? claim.core : first.get(shared - 1);
    Set<String> sources = claim.sources();
    String source = sources.iterator().next();
    boolean isWhole = sources.size() == 1 && network.tensor(source).size() == all.form().size();
    String name = isWhole ? source : all.value();
    var derived = new DerivedWeights(all, network.initializers());
    storages.put(name, derived);
    weights.put(name, derived.weights());
    for (Use use : claim.uses) {
      Derivation own = shared == 0 ? use.core() : use.plain().get(shared - 1);
      renamed.put(own.value(), name);
      pass(own);
    }
  }

  private void pass(Derivation derivation) {
    switch (derivation) {
      case Derivation.Source _ -> {}
      case Derivation.Made made -> {
        passed.add(made.link().node());
        pass(made.from());
      }
      case Derivation.Joined joined -> {
        passed.add(joined.node());
        joined.parts().forEach(this::pass);
      }
    }
  }

  /// Returns the nodes that are left: those on the way to weights are kept only where others read
  /// what they make.
  private List<Node> nodes() {
    var left = new ArrayList<Node>();
    var read = new HashSet<>(outputs);
    for (Node node : network.nodes().reversed()) {
      if (!passed.contains(node) || node.outputs().stream().anyMatch(read::contains)) {
        Node changed = changed(node);
        left.addFirst(changed);
        read.addAll(GraphOrder.valuesRead(changed));
      }
    }
    return left;
  }

  /// Returns a node that reads weights in place of what was made, and makes none of them.
  private Node changed(Node node) {
    List<String> inputs =
        node.inputs().stream().map(input -> renamed.getOrDefault(input, input)).toList();
    List<String> made =
        node.outputs().stream()
            .map(output -> weights.containsKey(output) ? unused(output) : output)
            .toList();
    return inputs.equals(node.inputs()) && made.equals(node.outputs())
        ? node
        : new Node(node.name(), node.opType(), node.domain(), inputs, made, node.attributes());
  }

  private String unused(String value) {
    String name = value;
    while (network.producer(name) != null || network.initializers().containsKey(name)) {
      name += "/stored";
    }
    return name;
  }
}
