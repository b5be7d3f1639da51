package falcon.prune.method;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.model.Network;
import falcon.projection.Projection;
import falcon.projection.group.LayerLimits;
import falcon.prune.options.Method;
import falcon.prune.options.Schedule;
import falcon.prune.plan.BudgetSchedule;
import falcon.prune.plan.PruningPlan;
import falcon.torch.curvature.ChannelDescent;
import falcon.torch.curvature.LayerMoments;
import falcon.torch.kernel.Workers;
import falcon.torch.reconstruction.Reconstruction;
import falcon.torch.training.Refinement;
import java.util.List;
import java.util.function.BiFunction;

/// Mask from the layers' full-rank quadratic, weights by layer-wise reconstruction and a short
/// refinement of all layers together towards the dense network's outputs.
///
/// Not in the paper but for the projection; choices and figures in `docs/adr`.
///
/// @param settings all choices that affect accuracy
/// @param projectionFor makes the projection for a run's threads and the limits of its layers;
///     [MaskProjection#EXACT] unless something else is to be tried
public record ReconstructionMethod(
    Settings settings, BiFunction<Workers, LayerLimits, MaskProjection> projectionFor)
    implements PruningMethod {
  /// Held-out samples, at most, on which a refinement must not do harm.
  private static final int JUDGED_SAMPLES = 64;

  /// The same where weights read what they have made themselves: there the support is chosen on them, too.
  private static final int FEEDBACK_SAMPLES = 512;

  /// All choices that affect accuracy; measured on validation data (`docs/results`).
  ///
  /// @param costExponent of MACs in the saliency w² f^exponent
  /// @param searchSteps projections in the first stage's support search
  /// @param searchDescent conjugate gradient steps of all layers between two of these projections
  /// @param searchStart first budget of the search, as a multiple of the last
  /// @param positions output positions a sample that the least squares look at
  /// @param ridge κ of the least squares, relative to the mean diagonal
  /// @param steps refinement steps of a stage
  /// @param finalSteps refinement steps of the last stage
  /// @param refinement how these are taken
  public record Settings(
      double costExponent,
      int searchSteps,
      int searchDescent,
      double searchStart,
      int positions,
      double ridge,
      int steps,
      int finalSteps,
      Refinement.Options refinement) {
    /// The same with another learning rate of the refinement.
    public Settings withLearningRate(double rate) {
      return with(
          searchSteps,
          steps,
          finalSteps,
          new Refinement.Options(
              refinement.batch(), rate, refinement.outputWeight(), refinement.featureWeight()));
    }

    /// The same with another number of samples a refinement step.
    public Settings withBatch(int samples) {
      return with(
          searchSteps,
          steps,
          finalSteps,
          new Refinement.Options(
              samples,
              refinement.learningRate(),
              refinement.outputWeight(),
              refinement.featureWeight()));
    }

    /// The same with another number of refinement steps, in every stage.
    public Settings withSteps(int count) {
      return with(searchSteps, count, count, refinement);
    }

    /// The same with another number of projections in the support search.
    public Settings withSearchSteps(int count) {
      return with(count, steps, finalSteps, refinement);
    }

    private Settings with(
        int projections, int someSteps, int lastSteps, Refinement.Options options) {
      return new Settings(
          costExponent,
          projections,
          searchDescent,
          searchStart,
          positions,
          ridge,
          someSteps,
          lastSteps,
          options);
    }
  }

  /// The settings that [Method#FALCON] or [Method#FALCON_PLUS_PLUS] uses.
  public static Settings defaults(Method method) {
    return Methods.reconstruction(method);
  }

  @Override
  public Outcome run(Setting setting, int stage, Network present) {
    boolean feedsBack = Reconstruction.feedsBack(setting.dense(), maskedTensors(setting));
    var heldOut = new OutcomeSelection(setting, feedsBack ? FEEDBACK_SAMPLES : JUDGED_SAMPLES);
    boolean isSearched = stage == 0 && settings.searchSteps() > 1;
    StageCheckpoints checkpoints = checkpoints(setting);
    Outcome reconstructed =
        checkpoints.outcome(
            "reconstruction",
            () ->
                reconstructed(
                    setting,
                    stage,
                    present,
                    isSearched
                        ? checkpoints.projection("support search", () -> search(setting))
                        : projection(setting, stage, present)));
    if (isSearched && feedsBack) {
      Outcome start =
          checkpoints.outcome(
              "second reconstruction",
              () -> reconstructed(setting, stage, present, projection(setting, stage, present)));
      reconstructed = heldOut.better(reconstructed, start);
    }
    return steps(setting, stage) == 0
        ? reconstructed
        : refined(setting, stage, reconstructed, heldOut);
  }

  /// Refinement steps of a stage.
  private int steps(Setting setting, int stage) {
    return isLast(setting, stage) ? settings.finalSteps() : settings.steps();
  }

  private static boolean isLast(Setting setting, int stage) {
    return stage == setting.plan().stageBudgets().size() - 1;
  }

  private StageCheckpoints checkpoints(Setting setting) {
    return setting.checkpoints().with(settings.toString());
  }

  private static List<String> maskedTensors(Setting setting) {
    return setting.plan().costs().layers().stream().map(CostTable.Layer::name).toList();
  }

  /// The best mask of the present weights' saliency.
  private Projection projection(Setting setting, int stage, Network present) {
    PruningPlan plan = setting.plan();
    return setting
        .clock()
        .time(
            stage == 0 ? "support" : "projection",
            () ->
                projectionFor
                    .apply(setting.workers(), plan.limits())
                    .project(
                        saliency(WeightVector.of(present, plan.costs()), plan.costs()),
                        plan.costs(),
                        plan.stageBudgets().get(stage)));
  }

  /// The present network with the pruned weights at zero and the kept ones re-fitted.
  private Outcome reconstructed(
      Setting setting, int stage, Network present, Projection projection) {
    CostTable costs = setting.plan().costs();
    Mask mask = projection.mask();
    var solver = new LayerSolver(costs, mask, settings.ridge(), setting.workers());
    Network refitted =
        setting
            .clock()
            .time("reconstruction", () -> reconstruct(setting, stage, present, mask, solver));
    return new Outcome(refitted, projection, null, solver.notes());
  }

  /// The outcome after refinement steps, or the same if they did harm.
  private Outcome refined(
      Setting setting, int stage, Outcome reconstructed, OutcomeSelection heldOut) {
    Network refined;
    try {
      refined =
          setting.clock().time("refinement", () -> refine(setting, stage, reconstructed.network()));
    } catch (ArithmeticException e) {
      setting.progress().end();
      return reconstructed.withNote("refinement not taken: " + e.getMessage());
    }
    return heldOut.unlessHarmful(reconstructed, refined);
  }

  private float[] saliency(float[] weights, CostTable costs) {
    return Saliency.squaresTimesCost(weights, costs, settings.costExponent());
  }

  /// The support search of the first stage.
  private Projection search(Setting setting) {
    return setting
        .clock()
        .time("support", () -> search(setting, setting.plan().stageBudgets().getFirst()));
  }

  private Projection search(Setting setting, Budget budget) {
    CostTable costs = setting.plan().costs();
    Workers workers = setting.workers();
    MaskProjection projection = projectionFor.apply(workers, setting.plan().limits());
    float[] dense = WeightVector.of(setting.dense(), costs);
    List<Budget> budgets =
        BudgetSchedule.of(
            Schedule.GEOMETRIC, settings.searchSteps(), settings.searchStart(), budget, costs);
    List<ChannelDescent> descents =
        new LayerMoments(setting.dense(), settings.positions(), setting.plan().passBytes(), workers)
            .descents(
                maskedTensors(setting),
                settings.ridge(),
                setting.samples().draw("support search", 0, setting.plan().samples()));
    try {
      return new SupportSearch(
              costs,
              weights -> saliency(weights, costs),
              projection,
              settings.searchDescent(),
              workers)
          .search(dense, descents, budgets);
    } finally {
      descents.forEach(ChannelDescent::close);
    }
  }

  private Network reconstruct(
      Setting setting, int stage, Network present, Mask mask, LayerSolver solver) {
    CostTable costs = setting.plan().costs();
    Network masked = WeightVector.into(present, WeightVector.of(present, costs), mask, costs);
    List<String> tensors = setting.plan().adaptable();
    var reconstruction =
        new Reconstruction(
            setting.dense(),
            new Reconstruction.Options(settings.positions(), true, setting.plan().passBytes()),
            setting.workers());
    setting.progress().begin("reconstruct", tensors.size());
    Network refitted =
        reconstruction.refit(
            masked,
            tensors,
            setting.samples().draw("reconstruction", stage, setting.plan().samples()),
            solver,
            layers -> setting.progress().advance(layers));
    setting.progress().end();
    return refitted;
  }

  private Network refine(Setting setting, int stage, Network network) {
    int steps = steps(setting, stage);
    List<String> masked = maskedTensors(setting);
    int batch = setting.samples().inWholeBatches(settings.refinement().batch());
    Refinement.Options options = settings.withBatch(batch).refinement(); // no sample counts twice
    setting.progress().begin("refine", steps);
    Network refined =
        new Refinement(
                setting.dense(),
                masked,
                setting.plan().untouched(),
                options,
                setting.plan().passBytes(),
                setting.workers())
            .keptIn(checkpoints(setting).refinement())
            .refine(
                network,
                masked,
                setting.samples().draw("refinement", stage, steps * batch),
                isLast(setting, stage),
                (done, loss) -> setting.progress().advance(done));
    setting.progress().end();
    return refined;
  }
}
