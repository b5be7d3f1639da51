package falcon.model.naming;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds the layer of an `LSTM`, `GRU` or `RNN` module that a recurrent node is.
final class RecurrentSearch {
  private static final Pattern WEIGHTS = Pattern.compile("weight_ih(_l\\d+)?");
  private static final List<String> DIRECTIONS = List.of("", "_reverse");

  private final Network network;
  private final ValueSearch search;
  private final State state;

  RecurrentSearch(Network network, ValueSearch search, State state) {
    this.network = network;
    this.search = search;
    this.state = state;
  }

  /// The targets of a node's operands 1 (weights), 2 (recurrent weights) and 3 (biases).
  private record Candidate(StateTensor weights, Map<Integer, List<Target>> targets) {}

  /// Returns the matches of a node's weights and biases, by operand.
  ///
  /// @return empty if the node's weights are in no module
  Map<Integer, Match> matches(Node node, List<Use> operands) {
    var candidates = new ArrayList<Candidate>();
    for (StateTensor tensor : state.tensors()) {
      Matcher name = WEIGHTS.matcher(tensor.leaf());
      Candidate candidate =
          name.matches()
              ? candidate(node, tensor, name.group(1) == null ? "" : name.group(1))
              : null;
      if (candidate != null) {
        candidates.add(candidate);
      }
    }
    var matches = new LinkedHashMap<Integer, Match>();
    if (candidates.isEmpty() || operands.isEmpty()) {
      return matches;
    }
    List<Candidate> left = Evidence.narrowed(candidates, Candidate::weights, operands.getFirst());
    for (Use use : operands) {
      if (left.size() > 1) {
        matches.put(use.operand(), ValueSearch.ambiguous(left, Candidate::weights));
      } else if (left.getFirst().targets().containsKey(use.operand())) {
        matches.put(
            use.operand(),
            new Match(left.getFirst().targets().getOrDefault(use.operand(), List.of()), null));
      }
    }
    return matches;
  }

  private @Nullable Candidate candidate(Node node, StateTensor weights, String layer) {
    RecurrentGates gates = RecurrentGates.of(node);
    Tensor constant = constant(node, 1);
    List<Long> shape = weights.shape();
    if (constant == null
        || constant.shape().size() != 3
        || shape.size() != 2
        || shape.getFirst() % gates.count() != 0) {
      return null;
    }
    int directions = Math.toIntExact(constant.shape().getFirst());
    int hidden = Math.toIntExact(shape.getFirst() / gates.count());
    var targets = new LinkedHashMap<Integer, List<Target>>();
    for (int direction = 0; direction < Math.min(directions, DIRECTIONS.size()); direction++) {
      String suffix = layer + DIRECTIONS.get(direction);
      var place = new Place(node, weights.module(), suffix, direction, hidden);
      if (!add(place, 1, "weight_ih", targets)
          || !add(place, 2, "weight_hh", targets)
          || !addBiases(place, targets)) {
        return null;
      }
    }
    return new Candidate(weights, targets);
  }

  /// One direction of a node, and the module that it may be.
  private record Place(Node node, String module, String suffix, int direction, int hidden) {}

  private @Nullable Tensor constant(Node node, int operand) {
    Use use = Use.of(network, node, operand);
    return use == null ? null : network.tensor(use.constant());
  }

  private boolean add(Place place, int operand, String leaf, Map<Integer, List<Target>> targets) {
    RecurrentGates gates = RecurrentGates.of(place.node());
    StateTensor tensor = state.tensor(place.module(), leaf + place.suffix());
    Use use = Use.of(network, place.node(), operand);
    if (tensor == null || use == null || tensor.shape().size() != 2) {
      return false;
    }
    int columns = Math.toIntExact(tensor.shape().get(1));
    int rows = gates.count() * place.hidden();
    Tensor constant = network.tensor(use.constant());
    if (!constant.shape().subList(1, constant.shape().size()).equals(tensor.shape())) {
      return false;
    }
    Arrangement arrangement =
        gates.arrangement(place.direction() * rows * columns, place.hidden(), columns);
    return addIfSame(use, tensor, arrangement, targets);
  }

  private boolean addIfSame(
      Use use, StateTensor tensor, Arrangement arrangement, Map<Integer, List<Target>> targets) {
    float[] values = search.values(use.constant());
    boolean isSame =
        tensor.values().length == arrangement.sources().length
            && arrangement.fits(
                values,
                tensor.values(),
                search.closeness(use.constant(), tensor),
                Closeness.greatest(values));
    if (isSame) {
      targets
          .computeIfAbsent(use.operand(), _ -> new ArrayList<>())
          .add(new Target.Copied(use.constant(), tensor, arrangement));
    }
    return isSame;
  }

  /// Adds the two biases of a direction, which stay apart in ONNX; other exporters add them up.
  private boolean addBiases(Place place, Map<Integer, List<Target>> targets) {
    Use use = Use.of(network, place.node(), 3);
    StateTensor first = state.tensor(place.module(), "bias_ih" + place.suffix());
    StateTensor second = state.tensor(place.module(), "bias_hh" + place.suffix());
    if (use == null || first == null || second == null) {
      return use == null || (first == null && second == null);
    }
    RecurrentGates gates = RecurrentGates.of(place.node());
    int rows = gates.count() * place.hidden();
    int start = place.direction() * 2 * rows;
    if (search.values(use.constant()).length < start + 2 * rows || first.values().length != rows) {
      return false;
    }
    Arrangement ofFirst = gates.arrangement(start, place.hidden(), 1);
    Arrangement ofSecond = gates.arrangement(start + rows, place.hidden(), 1);
    if (addIfSame(use, first, ofFirst, targets) && addIfSame(use, second, ofSecond, targets)) {
      return true;
    }
    List<Target> begun = targets.computeIfAbsent(use.operand(), _ -> new ArrayList<>());
    begun.removeIf(target -> target instanceof Target.Copied copied && copied.tensor() == first);
    if (!isSum(use, first, second, ofFirst, ofSecond)) {
      return false;
    }
    begun.add(new Target.Summed(use.constant(), first, ofFirst));
    begun.add(new Target.Summed(use.constant(), second, ofSecond));
    return true;
  }

  private boolean isSum(
      Use use, StateTensor first, StateTensor second, Arrangement ofFirst, Arrangement ofSecond) {
    if (use.node().is("GRU")) {
      return false; // the second bias of its new gate is inside of a product
    }
    float[] values = search.values(use.constant());
    double greatest = Closeness.greatest(values);
    int[] here = ofFirst.sources();
    int[] there = ofSecond.sources();
    for (int i = 0; i < here.length; i++) {
      double found = (double) values[here[i]] + values[there[i]];
      double wanted = (double) first.values()[i] + second.values()[i];
      if (!search.closeness(use.constant(), first).fits(found, wanted, greatest)) {
        return false;
      }
    }
    return true;
  }
}
