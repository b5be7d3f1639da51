package falcon.prune;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.model.DataType;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.WeightStorage;
import falcon.model.stored.StoredWeights;
import falcon.prune.method.WeightVector;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.NnzRule;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.RetrainingLoss;
import falcon.prune.options.RetrainingOptions;
import falcon.prune.options.RetrainingSchedule;
import falcon.prune.plan.PruningPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A mask that a caller has already: as tensors, or as the zeros of a pruned network.
///
/// @param tensors for each pruned tensor one of its name and stored shape, of 0 (pruned) and 1
///     (kept) in any type; null where the zeros of a network are the mask
/// @param start the pruned network with the weights to start from; null for the network that is
///     retrained itself
record GivenMask(@Nullable Map<String, Tensor> tensors, @Nullable Network start) {
  /// Greatest number of names in a message.
  private static final int MOST_NAMED = 5;

  /// Returns whether all weights are kept: the run trains a network, and prunes nothing.
  boolean keepsAll() {
    return tensors != null && tensors.isEmpty();
  }

  /// Returns the mask.
  ///
  /// @param network the network, as the run has it
  /// @return in the order of the plan's costs
  /// @throws PruningException if tensors do not fit the network, or nothing is kept
  Mask of(Network network, PruningPlan plan, PruningOptions options) {
    Mask mask =
        tensors == null
            ? WeightVector.nonZero(weights(network, options), plan.costs())
            : ofTensors(tensors, network, plan);
    if (mask.keptCount() == 0) {
      throw input("The mask keeps none of %,d weights.".formatted(mask.weightCount()));
    }
    return mask;
  }

  private static Mask ofTensors(Map<String, Tensor> tensors, Network network, PruningPlan plan) {
    requireKnown(tensors, network, plan);
    var kept = new boolean[plan.costs().weightCount()];
    Arrays.fill(kept, true);
    for (int l = 0; l < plan.layers().size(); l++) {
      CostTable.Layer layer = plan.costs().layers().get(l);
      WeightStorage storage = network.storage(layer.name());
      if (storage == null) {
        mark(tensors, layer.name(), plan.layers().get(l).shape(), null, kept, layer.offset());
      } else {
        storage
            .weightByElement()
            .forEach((constant, weights) ->
                mark(
                    tensors,
                    constant,
                    Objects.requireNonNull(storage.constants().get(constant)),
                    weights,
                    kept,
                    layer.offset()));
      }
    }
    return Mask.ofKept(kept);
  }

  /// Marks the weights that a tensor of the mask does not keep; all are kept where there is none.
  ///
  /// @param weights of each element the number of the weight that it makes, −1 for none; null where
  ///     these are the elements themselves
  private static void mark(
      Map<String, Tensor> tensors,
      String name,
      List<Long> shape,
      int @Nullable [] weights,
      boolean[] kept,
      int offset) {
    Tensor tensor = tensors.get(name);
    if (tensor != null) {
      float[] values = values(name, tensor, shape);
      for (int i = 0; i < values.length; i++) {
        int weight = weights == null ? i : weights[i];
        if (weight >= 0) {
          kept[offset + weight] = values[i] != 0;
        }
      }
    }
  }

  private static void requireKnown(Map<String, Tensor> tensors, Network network, PruningPlan plan) {
    List<String> known =
        plan.layers().stream().flatMap(layer -> constants(network, layer.name()).stream()).toList();
    List<String> others = tensors.keySet().stream().filter(name -> !known.contains(name)).toList();
    if (others.isEmpty()) {
      return;
    }
    Network stored = network.stored();
    List<String> there = others.stream().filter(stored.initializers()::containsKey).toList();
    if (there.isEmpty()) {
      throw input(
          "The mask has tensors that the network does not have: %s.%nThe network's own are named %s. Use the mask of this network, with the names of its file."
              .formatted(some(others), some(known)));
    }
    throw input(
        "The mask has tensors that cannot be pruned in this network: %s.%nSay %s as it was said when the mask was made; 'inspect' shows what is prunable."
            .formatted(some(there), ModelOption.INCLUDE));
  }

  /// Returns the names of the file's constants that make a layer's weights.
  private static Collection<String> constants(Network network, String layer) {
    WeightStorage storage = network.storage(layer);
    return storage == null ? List.of(layer) : storage.constants().keySet();
  }

  private static String some(List<String> names) {
    String some = String.join(", ", names.subList(0, Math.min(MOST_NAMED, names.size())));
    return names.size() > MOST_NAMED ? "%s, … (%d)".formatted(some, names.size()) : some;
  }

  private static float[] values(String name, Tensor tensor, List<Long> shape) {
    if (!tensor.shape().equals(shape)) {
      throw input(
          "The mask of '%s' has the shape %s, the weights have %s.%nUse the mask of this network."
              .formatted(name, tensor.shape(), shape));
    }
    float[] values = tensor.type() == DataType.BOOL ? flags(tensor) : tensor.toFloats();
    for (int i = 0; i < values.length; i++) {
      if (values[i] != 0 && values[i] != 1) {
        throw input(
            "The mask of '%s' has %s at place %d; wanted are 0 (pruned) and 1 (kept)."
                .formatted(name, values[i], i));
      }
    }
    return values;
  }

  private static float[] flags(Tensor tensor) {
    var values = new float[Math.toIntExact(tensor.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.bytes().get(i) == 0 ? 0 : 1;
    }
    return values;
  }

  /// Refuses a schedule of several masks.
  static void requireOneMask(@Nullable RetrainingOptions retraining) {
    if (retraining != null && retraining.schedule() != RetrainingSchedule.ONE_SHOT) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s %s would have no effect here: the mask is given."
              .formatted(Option.RETRAIN_SCHEDULE, retraining.schedule().id()));
    }
  }

  /// Refuses to distil a pruned network from itself: all weights that the mask does not keep are
  /// zero already.
  ///
  /// @throws PruningException if the retraining needs a dense network
  static void requireTeacher(
      Network dense, Mask mask, CostTable costs, @Nullable RetrainingOptions retraining) {
    if (retraining == null || !retraining.loss().needsTeacher()) {
      return;
    }
    Mask nonZero = WeightVector.nonZero(dense, costs);
    if (nonZero.and(mask).keptCount() < nonZero.keptCount()) {
      return;
    }
    throw new PruningException(
        PruningException.Kind.USAGE,
        "The network has no weight beside those that the mask keeps (%,d of %,d): there is no dense network to learn from.%nGive it (%s), or say %s %s."
            .formatted(
                mask.keptCount(),
                mask.weightCount(),
                Option.TEACHER,
                Option.RETRAIN_LOSS,
                RetrainingLoss.LABELS.id()));
  }

  /// Returns the budget that the mask needs.
  static BudgetRequest budget(Mask mask, PruningPlan whole) {
    long macs = mask.macs(whole.costs());
    return new BudgetRequest(
        macs == 0 ? new Amount.Share(1) : new Amount.Count(macs),
        new NnzRule.Limit(new Amount.Count(mask.keptCount())));
  }

  /// Returns the names of the layers that a mask leaves no weight.
  static List<String> emptied(Mask mask, CostTable costs) {
    var emptied = new ArrayList<String>();
    for (CostTable.Layer layer : costs.layers()) {
      if (mask.keptCount(layer) == 0) {
        emptied.add(layer.name());
      }
    }
    return emptied;
  }

  /// Returns the weights to start from, zero where the mask does not keep them.
  Network masked(Network network, Mask mask, CostTable costs, PruningOptions options) {
    Network weights = weights(network, options);
    return WeightVector.into(weights, WeightVector.of(weights, costs), mask, costs);
  }

  /// Returns the network with the weights to start from.
  ///
  /// @throws PruningException if the pruned network is not of the same graph
  private Network weights(Network network, PruningOptions options) {
    if (start == null) {
      return network;
    }
    Network other = StoredWeights.unfolded(options.shaped(start));
    var tensors = new LinkedHashMap<String, Tensor>();
    network
        .initializers()
        .forEach((name, tensor) -> {
          Tensor own = other.initializers().get(name);
          if (own == null || own.type() != tensor.type() || !own.shape().equals(tensor.shape())) {
            throw input(
                "The pruned network has %s as '%s', the dense one (%s) has %s.%nBoth must be of one graph: give the dense network that was pruned."
                    .formatted(own == null ? "nothing" : own, name, Option.TEACHER, tensor));
          }
          if (tensor.type().isFloatingPoint()) {
            tensors.put(name, own);
          }
        });
    return network.withTensors(tensors);
  }

  private static PruningException input(String message) {
    return new PruningException(PruningException.Kind.INPUT, message);
  }
}
