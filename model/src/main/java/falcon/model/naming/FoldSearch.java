package falcon.model.naming;

import falcon.model.Node;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds the weights of the state dict that an exporter multiplied by the factors of a
/// BatchNormalization, and that BatchNormalization.
final class FoldSearch {
  private final ValueSearch search;
  private final State state;
  private final Set<BatchNorm> taken = new HashSet<>();
  private final Map<Use, List<Target.Folded>> open = new LinkedHashMap<>();
  private final Map<Use, Match> found = new LinkedHashMap<>();

  FoldSearch(ValueSearch search, State state) {
    this.search = search;
    this.state = state;
  }

  /// Takes a node that computes a BatchNormalization by itself: that one is not folded.
  void addNode(Node node, List<Use> operands) {
    for (BatchNorm norm : state.norms()) {
      boolean isNamed =
          operands.stream()
              .anyMatch(use ->
                  use.names().contains(norm.mean().name())
                      || use.names().contains(norm.variance().name())
                      || (!use.module().isEmpty() && Evidence.isSame(norm.module(), use.module())));
      if (isNamed) {
        taken.add(norm);
      }
    }
  }

  /// Takes a layer.
  ///
  /// @param bias constant of its bias; null if it has none
  /// @return whether its weights may be folded ones
  boolean add(Use weights, @Nullable String bias) {
    var candidates = new ArrayList<Target.Folded>();
    for (StateTensor tensor : search.ofSize(search.values(weights.constant()).length)) {
      candidates.addAll(folded(weights, bias, tensor));
    }
    if (!candidates.isEmpty()) {
      open.put(weights, candidates);
    }
    return !candidates.isEmpty();
  }

  private List<Target.Folded> folded(Use use, @Nullable String bias, StateTensor weights) {
    Channels channels = Channels.of(use.node(), weights.shape());
    if (channels == null
        || state.norms().stream().noneMatch(norm -> norm.channels() == channels.count())
        || (bias != null && search.values(bias).length != channels.count())) {
      return List.of();
    }
    var found = new ArrayList<Target.Folded>();
    Closeness closeness = search.closeness(use.constant(), weights);
    float[] values = search.values(use.constant());
    for (Arrangement arrangement :
        Arrangement.whole(search.shape(use.constant()), weights.shape())) {
      double[] factors = channels.factors(values, arrangement.sources(), weights, closeness);
      if (factors != null) {
        var source = new Target.Source(use.constant(), bias, weights, arrangement);
        found.addAll(explained(source, channels, closeness, factors));
        break;
      }
    }
    return found;
  }

  private List<Target.Folded> explained(
      Target.Source source, Channels channels, Closeness closeness, double[] factors) {
    var found = new ArrayList<Target.Folded>();
    StateTensor own = state.biasOf(source.weights());
    float[] ownBias = own == null || own.values().length != channels.count() ? null : own.values();
    float[] bias = source.bias() == null ? null : search.values(source.bias());
    for (BatchNorm norm : state.norms()) {
      Double epsilon =
          norm.channels() == channels.count() ? norm.epsilon(factors, closeness) : null;
      if (epsilon != null && norm.explainsBias(bias, ownBias, epsilon, closeness)) {
        found.add(new Target.Folded(source, channels, norm, epsilon, ownBias == null ? null : own));
      }
    }
    return found;
  }

  /// Decides which BatchNormalization each layer was folded with, after all layers were added.
  Map<Use, Match> decided() {
    boolean isChanged = true;
    while (isChanged) {
      isChanged = decide(false);
      if (!isChanged) {
        isChanged = decide(true);
      }
    }
    open.forEach((use, candidates) -> found.put(use, ambiguous(left(use, candidates))));
    return found;
  }

  /// @param isByOrder whether the order of modules decides where values do not
  /// @return whether a layer was decided
  private boolean decide(boolean isByOrder) {
    for (Map.Entry<Use, List<Target.Folded>> entry : List.copyOf(open.entrySet())) {
      List<Target.Folded> left = left(entry.getKey(), entry.getValue());
      if (isByOrder) {
        left = ordered(left);
      }
      if (left.size() == 1) {
        open.remove(entry.getKey());
        found.put(entry.getKey(), Match.of(left.getFirst()));
        taken.add(left.getFirst().norm());
        return true;
      }
    }
    return false;
  }

  private List<Target.Folded> left(Use use, List<Target.Folded> candidates) {
    List<Target.Folded> narrowed =
        Evidence.narrowed(candidates, each -> each.source().weights(), use);
    List<Target.Folded> free =
        narrowed.stream().filter(each -> !taken.contains(each.norm())).toList();
    return free.isEmpty() ? narrowed : free;
  }

  /// Returns the candidate that the order of modules speaks for: its normalisation is right behind
  /// the layer, as each of the others is behind another layer; or both have the same number in
  /// their names.
  private List<Target.Folded> ordered(List<Target.Folded> candidates) {
    if (candidates.stream().map(each -> each.source().weights()).distinct().count() != 1) {
      return candidates;
    }
    boolean areBehindLayers = candidates.stream().allMatch(each -> isBehindLayer(each.norm()));
    List<Target.Folded> behind =
        areBehindLayers
            ? candidates.stream()
                .filter(each -> isBehind(each.norm(), each.source().weights()))
                .toList()
            : List.of();
    List<Target.Folded> numbered =
        candidates.stream()
            .filter(each -> isNumberedAlike(each.norm().module(), each.source().weights().module()))
            .toList();
    if (behind.size() == 1 && (numbered.isEmpty() || numbered.equals(behind))) {
      return behind;
    }
    return behind.isEmpty() && numbered.size() == 1 ? numbered : candidates;
  }

  private boolean isBehind(BatchNorm norm, StateTensor weights) {
    StateTensor last = state.before(norm.position());
    return last != null && last.module().equals(weights.module());
  }

  private boolean isBehindLayer(BatchNorm norm) {
    StateTensor last = state.before(norm.position());
    StateTensor weights = last == null ? null : state.tensor(last.module(), "weight");
    return weights != null && weights.shape().size() > 1;
  }

  private static boolean isNumberedAlike(String norm, String layer) {
    String number = number(norm);
    return !number.isEmpty() && number.equals(number(layer)) && parent(norm).equals(parent(layer));
  }

  private static String parent(String module) {
    return module.substring(0, Math.max(0, module.lastIndexOf('.')));
  }

  /// Returns the digits at the end of a name like `conv1`; empty for a name of digits alone.
  private static String number(String module) {
    String name = module.substring(module.lastIndexOf('.') + 1);
    String number = name.replaceAll("^.*?(\\d*)$", "$1");
    return number.equals(name) ? "" : number;
  }

  private static Match ambiguous(List<Target.Folded> candidates) {
    List<String> names =
        candidates.stream()
            .map(each -> "%s with %s".formatted(each.source().weights(), each.norm().module()))
            .distinct()
            .toList();
    return Match.unknown(
        "is folded of weights and a BatchNorm, but may be any of %s, which have the same values"
            .formatted(ValueSearch.listed(names)));
  }
}
