package falcon.model.naming;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which tensors of a state dict the constants of a network are, found by shape, values, names and
/// order.
public final class StateNames {
  private final Network network;
  private final State state;
  private final Map<String, List<Match>> matches = new LinkedHashMap<>();

  private StateNames(Network network, State state) {
    this.network = network;
    this.state = state;
    StateSearch.run(network, state)
        .forEach((use, match) ->
            matches.computeIfAbsent(use.constant(), _ -> new ArrayList<>()).add(match));
  }

  /// A state dict with the values of a changed network.
  ///
  /// @param weights all tensors of the state dict, in its order
  /// @param masks BOOL, 1 is kept, by the names of the state dict
  /// @param changed names of the tensors that have other values than before
  /// @param problems constants whose values are not in `weights` and `masks`, a sentence each
  ///     without a full stop; empty if all are
  public record Renamed(
      StateDict weights, StateDict masks, List<String> changed, List<String> problems) {
    /// Copies the lists.
    public Renamed {
      changed = List.copyOf(changed);
      problems = List.copyOf(problems);
    }
  }

  /// Finds the tensors of a state dict that the constants of a network are.
  ///
  /// @param network network that was exported with these values
  public static StateNames of(Network network, StateDict state) {
    return new StateNames(network.stored(), new State(state));
  }

  /// Returns why the tensors that a constant is are not known: words that follow its name.
  ///
  /// @return null if they are known
  public @Nullable String problem(String constant) {
    if (!network.initializers().containsKey(constant)) {
      return "is no constant of the network";
    }
    if (!network.tensor(constant).type().isFloatingPoint()) {
      return "holds whole numbers (%s), which a state dict does not have"
          .formatted(network.tensor(constant).type());
    }
    if (!matches.containsKey(constant)) {
      return "is read by no node whose module can be found";
    }
    for (Match match : matches.getOrDefault(constant, List.of())) {
      if (match.problem() != null) {
        return match.problem();
      }
    }
    return null;
  }

  /// Returns the problems of constants, a sentence each without a full stop.
  public List<String> problems(Collection<String> constants) {
    var problems = new ArrayList<String>();
    for (String constant : constants) {
      String problem = problem(constant);
      if (problem != null) {
        problems.add("'%s' %s".formatted(constant, problem));
      }
    }
    return problems;
  }

  /// Returns the state dict with the values of a changed network.
  ///
  /// @param changed the network with other values of the same constants
  /// @param masks BOOL by constant, of its shape: 0 is pruned
  /// @throws IllegalArgumentException if the changed network or a mask has other names, types or
  ///     shapes: says which
  public Renamed renamed(Network changed, Map<String, Tensor> masks) {
    Network other = changed.stored();
    requireSameConstants(other);
    var wanted = new LinkedHashSet<>(masks.keySet());
    for (String constant : matches.keySet()) {
      if (!network.tensor(constant).equals(other.tensor(constant))) {
        wanted.add(constant);
      }
    }
    masks.forEach((name, mask) -> requireMask(other, name, mask));
    var update = new StateUpdate(state, network, other, masks);
    var problems = new ArrayList<>(problems(wanted));
    matches.forEach((constant, found) -> {
      if ((wanted.contains(constant) || isWeights(constant)) && problem(constant) == null) {
        found.stream().flatMap(match -> match.targets().stream()).distinct().forEach(update::add);
      }
    });
    problems.addAll(update.conflicts());
    return new Renamed(update.weights(), update.masks(), update.changed(), problems);
  }

  /// Returns whether a constant is looked at though it did not change: it may stand for the same
  /// tensor as one that did.
  private boolean isWeights(String constant) {
    return network.tensor(constant).shape().stream().filter(size -> size > 1).count() > 1;
  }

  private void requireSameConstants(Network other) {
    for (Map.Entry<String, Tensor> entry : network.initializers().entrySet()) {
      Tensor tensor = other.initializers().get(entry.getKey());
      if (tensor == null
          || tensor.type() != entry.getValue().type()
          || !tensor.shape().equals(entry.getValue().shape())) {
        throw new IllegalArgumentException(
            "'%s' is %s in the dense network and %s in the pruned one"
                .formatted(entry.getKey(), entry.getValue(), tensor == null ? "missing" : tensor));
      }
    }
  }

  private void requireMask(Network other, String name, Tensor mask) {
    Tensor tensor = other.initializers().get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "the mask names '%s', which is no constant of the network".formatted(name));
    }
    if (mask.type() != DataType.BOOL || !mask.shape().equals(tensor.shape())) {
      throw new IllegalArgumentException(
          "the mask of '%s' is %s, the network has %s there".formatted(name, mask, tensor));
    }
  }
}
