package falcon.model.naming;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds the tensors of a state dict that the constants of a network are, use by use.
final class StateSearch {
  private static final int BIAS = 2;

  private final Network network;
  private final ValueSearch search;
  private final FoldSearch folds;
  private final RecurrentSearch recurrent;
  private final Map<Use, Match> matches = new LinkedHashMap<>();

  private StateSearch(Network network, State state) {
    this.network = network;
    search = new ValueSearch(network, state);
    folds = new FoldSearch(search, state);
    recurrent = new RecurrentSearch(network, search, state);
  }

  /// Returns what was found about each use of a constant of floating-point numbers.
  static Map<Use, Match> run(Network network, State state) {
    return new StateSearch(network, state).matches();
  }

  private Map<Use, Match> matches() {
    for (Node node : network.nodes()) {
      List<Use> operands = operands(node);
      if (operands.isEmpty()) {
        continue;
      }
      if (RecurrentGates.of(node).count() > 0) {
        Map<Integer, Match> found = recurrent.matches(node, operands);
        operands.forEach(use -> put(use, found.get(use.operand())));
      } else if (node.is("BatchNormalization")) {
        folds.addNode(node, operands);
      } else {
        operands.stream().filter(StateSearch::isLayer).forEach(this::addLayer);
      }
    }
    folds.decided().forEach(this::addFolded);
    for (Node node : network.nodes()) {
      for (Use use : operands(node)) {
        if (!matches.containsKey(use)) {
          Match copied = search.copied(use);
          matches.put(use, copied == null ? search.missing(use) : copied);
        }
      }
    }
    return matches;
  }

  private List<Use> operands(Node node) {
    var operands = new ArrayList<Use>();
    for (int i = 0; i < node.inputs().size(); i++) {
      Use use = Use.of(network, node, i);
      if (use != null) {
        operands.add(use);
      }
    }
    return operands;
  }

  private static boolean isLayer(Use use) {
    Product product = OperatorRules.product(use.node());
    return product != null
        && !product.isLookup()
        && product.weights(use.node()).contains(use.operand());
  }

  private void put(Use use, @Nullable Match match) {
    if (match != null) {
      matches.put(use, match);
    }
  }

  /// Finds the weights of a layer, and its bias where that belongs to the same module.
  private void addLayer(Use weights) {
    Use bias = bias(weights.node());
    Match copied = search.copied(weights);
    Match ofBias =
        bias == null || copied == null ? null : search.biasOf(copied.targets(), bias.constant());
    boolean isWhole = copied != null && (bias == null || ofBias != null);
    if (!isWhole && folds.add(weights, bias == null ? null : bias.constant())) {
      return;
    }
    Match found = copied == null ? search.parts(weights) : copied;
    put(weights, found);
    if (bias != null && found != null && found.problem() == null) {
      put(bias, ofBias == null ? search.biasOf(found.targets(), bias.constant()) : ofBias);
    }
  }

  private void addFolded(Use weights, Match match) {
    matches.put(weights, match);
    Use bias = bias(weights.node());
    if (bias != null) {
      matches.put(bias, new Match(List.of(), match.problem()));
    }
  }

  /// Returns the use of a constant as a layer's bias: by the node itself, or in the sum behind it.
  private @Nullable Use bias(Node layer) {
    if (!layer.is("MatMul")) {
      return layer.inputs().size() > BIAS && !layer.is("Einsum")
          ? Use.of(network, layer, BIAS)
          : null;
    }
    List<Node> readers = network.consumers(layer.outputs().getFirst());
    if (readers.size() != 1 || !readers.getFirst().is("Add")) {
      return null;
    }
    Node sum = readers.getFirst();
    int other = layer.outputs().getFirst().equals(sum.input(0)) ? 1 : 0;
    Use use = Use.of(network, sum, other);
    return use == null || network.tensor(use.constant()).shape().size() > 1 ? null : use;
  }
}
