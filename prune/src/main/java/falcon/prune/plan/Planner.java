package falcon.prune.plan;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.data.Dataset;
import falcon.gradients.MemoryPlan;
import falcon.model.Network;
import falcon.model.WeightStorage;
import falcon.model.layer.BranchWeights;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.shape.Obstacle;
import falcon.projection.group.LayerLimits;
import falcon.projection.pattern.PatternItems;
import falcon.prune.options.Amount;
import falcon.prune.options.BacksolveOptions;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.CostModel;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.RefinementOptions;
import falcon.prune.options.Refit;
import falcon.prune.options.RefitOptions;
import falcon.prune.options.RetrainingOptions;
import falcon.prune.options.RetrainingSchedule;
import falcon.prune.options.Schedule;
import falcon.prune.options.SearchOptions;
import falcon.prune.resources.ExpectedTime;
import falcon.prune.resources.GradientMemory;
import falcon.prune.resources.HeapMemory;
import falcon.prune.resources.PassMemory;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Turns a user's request into limits and numbers, or refuses it with the reason.
public final class Planner {
  private Planner() {}

  /// Plans a run; executes nothing.
  ///
  /// @param data the data; null where the weights alone decide
  /// @param asked the requested budget
  /// @throws PruningException if options contradict each other or are out of their range, the
  ///     network has no prunable layer, the budget cannot be met, or memory is too small
  public static PruningPlan plan(
      Network network, @Nullable Dataset data, BudgetRequest asked, PruningOptions options) {
    refuseUnused(options);
    Layers layers = layers(network, options);
    refuseContradictions(network, layers);
    boolean isCounted = layers.prunable().stream().allMatch(Layer::isCounted);
    if (!isCounted) {
      LayerPlan.refuseUncounted(layers, asked);
    }
    ResourcePlan resources =
        ResourcePlan.of(
            new CostModel.Subject(network, layers, costs(layers, isCounted), options.pattern()),
            asked);
    CostTable costs = resources.costs();
    Refit refit = refit(options);
    LayerLimits usual = LayerPlan.limits(network, costs, options.pattern());
    List<PatternItems.Part> parts = PatternPlan.parts(usual, costs);
    Budget budget = resources.limiting(budget(asked, refit, costs, usual, parts));
    LayerLimits limits =
        LayerPlan.withFloors(usual, parts, costs, options.search().floors(), budget);
    resources.requireRoom(limits, budget);
    int stages = stages(options);
    Schedule schedule = schedule(options.search(), stages);
    int samples = samples(options, refit, data);
    List<Budget> stageBudgets =
        schedule == null
            ? List.of(budget)
            : BudgetSchedule.of(schedule, stages, Defaults.STAGE_START, budget, costs);
    MemoryPlan gradients =
        refit == Refit.BACKSOLVE
            ? GradientMemory.plan(network, costs, stageBudgets, samples, options)
            : null;
    if (refit == Refit.NONE) {
      PassMemory.requireProcess(layers, options);
    }
    long passBytes =
        (refit == Refit.RECONSTRUCT || options.retraining() != null) && data != null
            ? PassMemory.passBytes(network, layers, samples, options)
            : 0;
    HeapMemory.require(layers, refit, passBytes, Runtime.getRuntime().maxMemory());
    if (options.retraining() != null) {
      HeapMemory.requireRetraining(layers, Runtime.getRuntime().maxMemory());
    }
    return new PruningPlan(
        tensors(network, layers, costs, isCounted),
        new PruningPlan.Budgets(
            asked,
            budget,
            limits.rangeByLayer().isEmpty() && limits.keepable() == null
                ? resources.limiting(budget(asked, Refit.NONE, costs, limits, parts))
                : budget, // floors were only checked against the run's own budget
            stageBudgets,
            PlannedStage.of(stageBudgets.size(), options.retraining()),
            schedule,
            limits,
            resources.resources(),
            options.path()),
        new PruningPlan.Work(
            refit,
            samples,
            Defaults.lastSteps(options, refit),
            Defaults.learningRate(options, refit),
            seconds(layers, data, options, refit, stages, samples)),
        new PruningPlan.Memory(
            gradients == null
                ? memoryBytes(network, layers, refit, samples, passBytes)
                : gradients.residentBytes(),
            passBytes,
            gradients),
        new PruningPlan.Scope(
            layers.reach(),
            Stream.of(
                    BudgetWarnings.of(layers, costs, asked),
                    PatternPlan.warnings(limits, parts, costs, budget),
                    resources.notes())
                .flatMap(List::stream)
                .toList()));
  }

  private static PruningPlan.Tensors tensors(
      Network network, Layers layers, CostTable costs, boolean isCounted) {
    return new PruningPlan.Tensors(
        layers.prunable().stream()
            .map(layer ->
                new PruningPlan.PrunableLayer(
                    layer.tensor(),
                    storedShape(network, layer),
                    layer.weights(),
                    isCounted ? layer.macsPerWeight() : 0,
                    layer.opType()))
            .toList(),
        costs,
        isCounted,
        layers.adaptable().stream().map(Layer::tensor).toList(),
        layers.all().stream().filter(layer -> !layer.isAdaptable()).map(Layer::tensor).toList());
  }

  private static List<Long> storedShape(Network network, Layer layer) {
    WeightStorage storage = network.storage(layer.tensor());
    return storage == null
        ? layer.shape()
        : storage.constants().getOrDefault(layer.tensor(), layer.shape());
  }

  /// Refuses a network that is contradictory and cannot be executed, whatever the request is.
  private static void refuseContradictions(Network network, Layers layers) {
    for (Obstacle obstacle : layers.obstacles()) {
      if (obstacle.isContradiction()) {
        throw obstacle.refusal().in(network);
      }
    }
  }

  private static Layers layers(Network network, PruningOptions options) {
    try {
      return Layers.of(network, options.search().selection());
    } catch (IllegalArgumentException e) {
      throw new PruningException(PruningException.Kind.USAGE, String.valueOf(e.getMessage()), e);
    }
  }

  /// Returns what helps where nothing is prunable: what settles a branch that holds weights, or
  /// 'inspect'.
  private static String advice(Layers layers) {
    for (BranchWeights weights : layers.inBranches()) {
      for (Obstacle obstacle : layers.obstacles()) {
        if (weights.flow().equals(obstacle.node())) {
          return obstacle.advice();
        }
      }
    }
    return "'inspect' shows all of them.";
  }

  private static CostTable costs(Layers layers, boolean isCounted) {
    if (layers.prunable().isEmpty()) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "The network has no prunable layer (of %d with weights)%s.%n%s"
              .formatted(layers.all().size(), reasons(layers), advice(layers)));
    }
    CostTable.Builder builder = CostTable.builder();
    for (Layer layer : layers.prunable()) {
      builder.layer(layer.tensor(), layer.weights(), isCounted ? layer.macsPerWeight() : 0);
    }
    return builder.build();
  }

  private static String reasons(Layers layers) {
    String reasons = layers.reach().reasons();
    return reasons.isEmpty() ? "" : ": " + reasons;
  }

  private static Budget budget(
      BudgetRequest asked,
      Refit refit,
      CostTable costs,
      LayerLimits limits,
      List<PatternItems.Part> parts) {
    long macs = limit("MACs", asked.macs(), costs.totalMacs());
    long nnz =
        switch (asked.nnz()) {
          case NnzRule.Free() -> costs.weightCount();
          case NnzRule.Auto() ->
              Math.max(PatternPlan.fewestWeights(parts, costs, macs), autoNnz(refit, macs, costs));
          case NnzRule.Limit(Amount amount) -> limit("weights", amount, costs.weightCount());
        };
    long cheapest =
        costs.layers().stream().mapToLong(CostTable.Layer::macsPerWeight).min().orElseThrow();
    if (macs < cheapest || nnz < 1) {
      throw new PruningException(
          PruningException.Kind.BUDGET,
          "The budget (%s) allows %d MACs and %d weights, but the cheapest weight costs %d MACs.%nAsk for at least %s."
              .formatted(asked, macs, nnz, cheapest, cheapest + " MACs and 1 weight"));
    }
    Budget budget = new Budget(nnz, macs);
    PatternPlan.requireOneItem(limits, parts, costs, budget, asked);
    return budget;
  }

  /// Returns the number of weights that suits a MAC budget. Reconstruction weights MACs in the
  /// saliency and needs no second limit; without one, plain squares prune the first layers too
  /// much.
  private static long autoNnz(Refit refit, long macs, CostTable costs) {
    if (refit == Refit.RECONSTRUCT) {
      return costs.weightCount();
    }
    double share =
        Math.min(1, Defaults.SQUARES_NNZ_PER_MACS * macs / Math.max(1, costs.totalMacs()));
    return (long) (share * costs.weightCount());
  }

  private static long limit(String resource, Amount amount, long total) {
    long limit = amount.of(total);
    if (limit > total) {
      throw new PruningException(
          PruningException.Kind.BUDGET,
          "The budget of %d %s is more than the network has (%d).%nAsk for at most 100%%."
              .formatted(limit, resource, total));
    }
    return limit;
  }

  private static Refit refit(PruningOptions options) {
    if (options.method() == Method.MAGNITUDE) {
      return Refit.NONE;
    }
    Refit asked = options.refit().kind();
    return asked == Refit.AUTO ? Refit.RECONSTRUCT : asked;
  }

  private static int stages(PruningOptions options) {
    Integer asked = options.search().stages();
    if (asked != null) {
      return asked;
    }
    int usual = options.method() == Method.FALCON_PLUS_PLUS ? Defaults.stages(refit(options)) : 1;
    return isGradual(options) ? Math.max(usual, Defaults.GRADUAL_STAGES) : usual;
  }

  private static boolean isGradual(PruningOptions options) {
    RetrainingOptions retraining = options.retraining();
    return retraining != null && retraining.schedule() == RetrainingSchedule.GRADUAL;
  }

  /// @return null where there is one stage
  private static @Nullable Schedule schedule(SearchOptions asked, int stages) {
    if (stages == 1) {
      return null;
    }
    return asked.schedule() == null ? Schedule.GEOMETRIC : asked.schedule();
  }

  private static int samples(PruningOptions options, Refit refit, @Nullable Dataset data) {
    if (refit == Refit.NONE || data == null) {
      return 0;
    }
    Integer asked = options.refit().samples();
    int wanted =
        asked != null
            ? asked
            : refit == Refit.BACKSOLVE ? Defaults.GRADIENT_SAMPLES : Defaults.LAYER_SAMPLES;
    int available = falcon.data.Splits.of(data.train()).rest().length;
    if (wanted > available) {
      if (asked == null) {
        return available;
      }
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s %d is more than the %d training samples that are not held out for validation."
              .formatted(Option.SAMPLES, wanted, available));
    }
    return wanted;
  }

  /// Refuses options without effect: an option that would change nothing is an error, not a silent
  /// no-op.
  private static void refuseUnused(PruningOptions options) {
    SearchOptions search = options.search();
    RefitOptions refit = options.refit();
    BacksolveOptions backsolve = refit.backsolve();
    boolean isMagnitude = options.method() == Method.MAGNITUDE;
    refuse(
        isMagnitude && (refit.kind() != Refit.AUTO && refit.kind() != Refit.NONE),
        Option.REFIT + " " + refit.kind().id(),
        Option.METHOD + " magnitude re-fits nothing");
    refuse(
        isMagnitude && refit.samples() != null,
        Option.SAMPLES,
        Option.METHOD + " magnitude uses none");
    refuse(
        search.saliency() != null && !isMagnitude,
        Option.SALIENCY,
        "it belongs to %s magnitude".formatted(Option.METHOD));
    boolean isBacksolve = refit.kind() == Refit.BACKSOLVE && !isMagnitude;
    String ofBacksolve = "it belongs to " + Option.REFIT + " backsolve";
    refuse(backsolve.curvature() != null && !isBacksolve, Option.CURVATURE, ofBacksolve);
    refuse(backsolve.ridge() != null && !isBacksolve, Option.RIDGE, ofBacksolve);
    refuse(backsolve.block() != null && !isBacksolve, Option.BLOCK, ofBacksolve);
    String oneStage = Option.METHOD + " " + options.method().id() + " has one stage";
    boolean hasStages = options.method() == Method.FALCON_PLUS_PLUS || isGradual(options);
    refuse(search.stages() != null && !hasStages, Option.STAGES, oneStage);
    refuse(search.schedule() != null && !hasStages, Option.SCHEDULE, oneStage);
    require(search.stages() == null || search.stages() >= 1, Option.STAGES + " is at least 1");
    requireGradual(options);
    refusePath(options);
    require(refit.samples() == null || refit.samples() >= 1, Option.SAMPLES + " is at least 1");
    refuseUnusedRefinement(options, isMagnitude, isBacksolve);
    require(
        backsolve.ridge() == null || (backsolve.ridge() > 0 && Double.isFinite(backsolve.ridge())),
        Option.RIDGE + " is a number above 0");
    require(
        backsolve.block() == null || backsolve.block() >= 0,
        Option.BLOCK + " is 'full' or 1 and more");
    refuse(backsolve.scratch() != null && !isBacksolve, Option.SCRATCH, ofBacksolve);
    require(options.machine().threads() >= 1, Option.THREADS + " is at least 1");
  }

  /// Refuses budgets to start from where the method does not go on with a pruned network.
  private static void refusePath(PruningOptions options) {
    List<Amount> path = options.path();
    boolean canStartFromPruned =
        options.method() == Method.FALCON
            && refit(options) == Refit.RECONSTRUCT
            && options.retraining() == null;
    require(
        path.isEmpty() || canStartFromPruned,
        "A run starts from a pruned network (%s) only with %s falcon, without %s"
            .formatted(Option.FROM_PREVIOUS, Option.METHOD, Option.RETRAIN));
  }

  /// Refuses a gradual retraining that has one mask, or fewer epochs than masks.
  private static void requireGradual(PruningOptions options) {
    RetrainingOptions retraining = options.retraining();
    if (retraining == null || !isGradual(options)) {
      return;
    }
    int stages = stages(options);
    refuse(
        stages == 1,
        "%s %s".formatted(Option.RETRAIN_SCHEDULE, retraining.schedule().id()),
        "%s 1 has one mask".formatted(Option.STAGES));
    require(
        retraining.epochs() >= stages,
        "%s %d is too few for %s %s: each of the %d stages is retrained for an epoch at least"
            .formatted(
                Option.RETRAIN,
                retraining.epochs(),
                Option.RETRAIN_SCHEDULE,
                retraining.schedule().id(),
                stages));
  }

  private static void refuseUnusedRefinement(
      PruningOptions options, boolean isMagnitude, boolean isBacksolve) {
    Integer steps = options.refinement().steps();
    Double rate = options.refinement().learningRate();
    boolean isRefined = !isMagnitude && !isBacksolve && options.refit().kind() != Refit.NONE;
    String why =
        isMagnitude
            ? Option.METHOD + " magnitude refines nothing"
            : "%s %s refines nothing".formatted(Option.REFIT, options.refit().kind().id());
    refuse(steps != null && !isRefined, Option.STEPS, why);
    refuse(rate != null && !isRefined, Option.LEARNING_RATE, why);
    refuse(
        rate != null && steps != null && steps == 0,
        Option.LEARNING_RATE,
        "%s 0 takes no steps".formatted(Option.STEPS));
    require(
        steps == null || (steps >= 0 && steps <= RefinementOptions.MOST_STEPS),
        "%s is 0 to %,d, got %s".formatted(Option.STEPS, RefinementOptions.MOST_STEPS, steps));
    require(
        rate == null || (rate > 0 && rate <= RefinementOptions.GREATEST_LEARNING_RATE),
        "%s is above 0 and at most %s, got %s"
            .formatted(Option.LEARNING_RATE, RefinementOptions.GREATEST_LEARNING_RATE, rate));
  }

  private static void refuse(boolean isUnused, Object option, String why) {
    require(!isUnused, option + " would have no effect here: " + why);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new PruningException(PruningException.Kind.USAGE, message + ".");
    }
  }

  private static long memoryBytes(
      Network network, Layers layers, Refit refit, int samples, long passBytes) {
    return switch (refit) {
      case NONE, BACKSOLVE -> 0;
      case RECONSTRUCT, AUTO -> PassMemory.residentBytes(network, layers, samples, passBytes);
    };
  }

  private static double seconds(
      Layers layers,
      @Nullable Dataset data,
      PruningOptions options,
      Refit refit,
      int stages,
      int samples) {
    if (data == null) {
      return 0;
    }
    long steps = Defaults.steps(options, refit, stages);
    return ExpectedTime.of(layers, options.machine().threads())
        .seconds(
            refit,
            stages,
            samples,
            falcon.data.Splits.of(data.train()).validation().length,
            steps * Defaults.BATCH);
  }
}
