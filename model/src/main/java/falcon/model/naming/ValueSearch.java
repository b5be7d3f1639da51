package falcon.model.naming;

import falcon.model.Network;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Finds the tensors of a state dict that have the values of a constant.
final class ValueSearch {
  /// Greatest number of candidates that a message names.
  private static final int NAMES_SHOWN = 5;

  private final Network network;
  private final State state;
  private final Map<Integer, List<StateTensor>> bySize;
  private final Map<String, float[]> values = new HashMap<>();

  ValueSearch(Network network, State state) {
    this.network = network;
    this.state = state;
    bySize =
        state.tensors().stream()
            .collect(
                Collectors.groupingBy(
                    tensor -> tensor.tensor().size(), LinkedHashMap::new, Collectors.toList()));
  }

  /// Returns the elements of a constant; not to be changed.
  float[] values(String constant) {
    return values.computeIfAbsent(constant, name -> network.tensor(name).toFloats());
  }

  List<Long> shape(String constant) {
    return network.tensor(constant).shape();
  }

  List<StateTensor> ofSize(int size) {
    return bySize.getOrDefault(size, List.of());
  }

  Closeness closeness(String constant, StateTensor tensor) {
    return Closeness.of(network.tensor(constant).type(), tensor.tensor().type());
  }

  /// Returns the tensors that a constant is as a whole; one of each that are tied.
  List<Target.Copied> whole(String constant) {
    var found = new ArrayList<Target.Copied>();
    for (StateTensor tensor : ofSize(network.tensor(constant).size())) {
      Target.Copied copied = whole(constant, tensor);
      if (copied != null) {
        found.add(copied);
      }
    }
    return found;
  }

  /// Returns how a constant is a tensor as a whole.
  ///
  /// @return null if it is not
  Target.@Nullable Copied whole(String constant, StateTensor tensor) {
    float[] own = values(constant);
    double greatest = Closeness.greatest(own);
    Closeness closeness = closeness(constant, tensor);
    for (Arrangement arrangement :
        Arrangement.whole(network.tensor(constant).shape(), tensor.shape())) {
      if (arrangement.fits(own, tensor.values(), closeness, greatest)) {
        return new Target.Copied(constant, tensor, arrangement);
      }
    }
    return null;
  }

  /// Returns the match of a constant that is a whole tensor.
  ///
  /// @return null if there is no such tensor
  @Nullable Match copied(Use use) {
    List<Target.Copied> found =
        distinct(Evidence.narrowed(whole(use.constant()), Target.Copied::tensor, use));
    if (found.isEmpty()) {
      return null;
    }
    return found.size() == 1 ? Match.of(found.getFirst()) : ambiguous(found, Target.Copied::tensor);
  }

  /// Returns the match of a constant that is a part of a tensor, or joined of several tensors.
  ///
  /// @return null if there are none
  @Nullable Match parts(Use use) {
    Tensor constant = network.tensor(use.constant());
    var slices = new ArrayList<Target.Copied>();
    var pieces = new ArrayList<Target.Copied>();
    for (StateTensor tensor : state.tensors()) {
      if (tensor.shape().size() < 2) {
        continue;
      }
      for (Arrangement part :
          Arrangement.parts(
              constant, values(use.constant()), tensor, closeness(use.constant(), tensor))) {
        var copied = new Target.Copied(use.constant(), tensor, part);
        (tensor.tensor().size() > constant.size() ? slices : pieces).add(copied);
      }
    }
    List<Target.Copied> left = Evidence.narrowed(slices, Target.Copied::tensor, use);
    if (left.size() == 1) {
      return Match.of(left.getFirst());
    }
    return left.isEmpty() ? joined(use, pieces) : ambiguous(left, Target.Copied::tensor);
  }

  private @Nullable Match joined(Use use, List<Target.Copied> pieces) {
    var byRow = new TreeMap<Integer, List<Target.Copied>>();
    for (Target.Copied piece : pieces) {
      byRow.computeIfAbsent(piece.arrangement().firstRow(), _ -> new ArrayList<>()).add(piece);
    }
    var joined = new ArrayList<Target>();
    int row = 0;
    int size = 0;
    while (byRow.containsKey(row)) {
      List<Target.Copied> here =
          distinct(
              Evidence.narrowed(byRow.getOrDefault(row, List.of()), Target.Copied::tensor, use));
      if (here.size() > 1) {
        return ambiguous(here, Target.Copied::tensor);
      }
      joined.add(here.getFirst());
      row += here.getFirst().arrangement().presentRows();
      size += here.getFirst().tensor().tensor().size();
    }
    return size == network.tensor(use.constant()).size() ? new Match(joined, null) : null;
  }

  /// Returns the match of the bias of a layer whose weights are found.
  ///
  /// @return null if the bias is not that of the same modules
  @Nullable Match biasOf(List<Target> weights, String bias) {
    var found = new ArrayList<Target>();
    for (Target target : weights) {
      StateTensor sibling =
          target instanceof Target.Copied copied ? state.biasOf(copied.tensor()) : null;
      if (sibling == null) {
        return null;
      }
      Target.Copied own = whole(bias, sibling);
      Arrangement rows = ((Target.Copied) target).arrangement().ofRows();
      if (own != null) {
        found.add(own);
      } else if (rows.rows() == sibling.values().length
          && rows.greatest() < values(bias).length
          && rows.fits(
              values(bias),
              sibling.values(),
              closeness(bias, sibling),
              Closeness.greatest(values(bias)))) {
        found.add(new Target.Copied(bias, sibling, rows));
      } else {
        return null;
      }
    }
    return new Match(found, null);
  }

  /// Returns one of each candidates whose tensors are tied: the same place in the file.
  private static List<Target.Copied> distinct(List<Target.Copied> candidates) {
    var distinct = new ArrayList<Target.Copied>();
    for (Target.Copied candidate : candidates) {
      if (distinct.stream().noneMatch(other -> other.tensor().isTiedTo(candidate.tensor()))) {
        distinct.add(candidate);
      }
    }
    return distinct;
  }

  /// Returns a match that is not known, since several tensors have the same values.
  static <T> Match ambiguous(List<T> candidates, Function<T, StateTensor> tensor) {
    List<String> names =
        candidates.stream().map(each -> tensor.apply(each).name()).distinct().toList();
    return Match.unknown("may be any of %s, which have the same values".formatted(listed(names)));
  }

  /// Returns the first few names.
  static String listed(List<String> names) {
    return names.stream().limit(NAMES_SHOWN).collect(Collectors.joining(", "))
        + (names.size() > NAMES_SHOWN ? ", … (%d in all)".formatted(names.size()) : "");
  }

  /// Returns the match of a constant that no tensor has the values of.
  Match missing(Use use) {
    Tensor constant = network.tensor(use.constant());
    List<StateTensor> sameSize = ofSize(constant.size());
    if (sameSize.isEmpty()) {
      return Match.unknown(
          "is in no tensor of the state dict: none has %,d elements".formatted(constant.size()));
    }
    StateTensor nearest =
        sameSize.stream()
            .max(Comparator.comparingInt(tensor -> use.names().contains(tensor.name()) ? 1 : 0))
            .orElseThrow();
    return Match.unknown(
        "has values that no tensor of the state dict has (%s has its size)".formatted(nearest));
  }
}
