package falcon.prune;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.model.Network;
import falcon.projection.LayerLimits;
import falcon.projection.Projection;
import falcon.torch.LayerMoments;
import falcon.torch.LayerProblem;
import falcon.torch.Reconstruction;
import falcon.torch.Refinement;
import falcon.torch.Workers;
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
  /// All choices that affect accuracy; measured on validation data (`docs/results`).
  ///
  /// @param costExponent of MACs in the saliency w² f^exponent
  /// @param searchSteps projections in the first stage's support search
  /// @param searchDescent conjugate gradient steps of all layers between two of these projections
  /// @param searchStepSize τ of the pruned weights in that search, 0 (none returns) to 1
  /// @param searchStart first budget of the search, as a multiple of the last
  /// @param positions output positions a sample that the least squares look at
  /// @param ridge κ of the least squares, relative to the mean diagonal
  /// @param steps refinement steps of a stage
  /// @param finalSteps refinement steps of the last stage
  /// @param refinement how these are taken
  /// @param choiceInterval refinement steps between two choices of the support, made in the first half
  ///     of the steps; 0: the support stays
  public record Settings(
      double costExponent,
      int searchSteps,
      int searchDescent,
      double searchStepSize,
      double searchStart,
      int positions,
      double ridge,
      int steps,
      int finalSteps,
      Refinement.Options refinement,
      int choiceInterval) {
    /// The same with another number of refinement steps, in every stage.
    public Settings withSteps(int count) {
      return new Settings(
          costExponent,
          searchSteps,
          searchDescent,
          searchStepSize,
          searchStart,
          positions,
          ridge,
          count,
          count,
          refinement,
          choiceInterval);
    }
  }

  /// The settings that [Method#FALCON] or [Method#FALCON_PLUS_PLUS] uses.
  public static Settings defaults(Method method) {
    return Methods.reconstruction(method);
  }

  @Override
  public Outcome run(Setting setting, int stage, Network present) {
    PruningPlan plan = setting.plan();
    CostTable costs = plan.costs();
    Workers workers = setting.workers();
    Budget budget = plan.stageBudgets().get(stage);
    boolean isLast = stage == plan.stageBudgets().size() - 1;
    Projection projection =
        stage == 0
            ? setting.clock().time("support", () -> search(setting, budget))
            : setting
                .clock()
                .time(
                    "projection",
                    () ->
                        projectionFor
                            .apply(workers, plan.limits())
                            .project(
                                saliency(WeightVector.of(present, costs), costs), costs, budget));
    Mask mask = projection.mask();
    Network masked = WeightVector.into(present, WeightVector.of(present, costs), mask, costs);
    var solver = new LayerSolver(costs, mask, settings.ridge(), workers);
    Network refitted =
        setting.clock().time("reconstruction", () -> reconstruct(setting, stage, masked, solver));
    int steps = isLast ? settings.finalSteps() : settings.steps();
    if (steps == 0) {
      return new Outcome(refitted, projection, null, solver.notes());
    }
    var support =
        new MovingSupport(
            costs,
            settings.choiceInterval(),
            weights ->
                projectionFor
                    .apply(workers, plan.limits())
                    .project(saliency(weights, costs), costs, budget),
            projection);
    Network refined =
        setting
            .clock()
            .time("refinement", () -> refine(setting, stage, refitted, steps, isLast, support));
    return new Outcome(refined, support.last(), null, solver.notes());
  }

  private float[] saliency(float[] weights, CostTable costs) {
    return Saliency.squaresTimesCost(weights, costs, settings.costExponent());
  }

  private Projection search(Setting setting, Budget budget) {
    CostTable costs = setting.plan().costs();
    Workers workers = setting.workers();
    MaskProjection projection = projectionFor.apply(workers, setting.plan().limits());
    float[] dense = WeightVector.of(setting.dense(), costs);
    if (settings.searchSteps() == 1) {
      return projection.project(saliency(dense, costs), costs, budget);
    }
    List<LayerProblem> problems =
        new LayerMoments(setting.dense(), settings.positions(), setting.plan().passBytes(), workers)
            .of(
                costs.layers().stream().map(CostTable.Layer::name).toList(),
                setting.samples().draw("support search", 0, setting.plan().samples()));
    List<Budget> budgets =
        BudgetSchedule.of(
            Schedule.GEOMETRIC, settings.searchSteps(), settings.searchStart(), budget, costs);
    return new SupportSearch(
            costs,
            weights -> saliency(weights, costs),
            projection,
            settings.searchDescent(),
            settings.searchStepSize(),
            workers)
        .search(dense, problems, settings.ridge(), budgets);
  }

  private Network reconstruct(Setting setting, int stage, Network masked, LayerSolver solver) {
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

  private Network refine(
      Setting setting,
      int stage,
      Network network,
      int steps,
      boolean isLast,
      MovingSupport support) {
    List<String> masked =
        setting.plan().costs().layers().stream().map(CostTable.Layer::name).toList();
    setting.progress().begin("refine", steps);
    Network refined =
        new Refinement(
                setting.dense(),
                masked,
                setting.plan().untouched(),
                settings.refinement(),
                setting.workers())
            .refine(
                network,
                masked,
                setting.samples().draw("refinement", stage, steps * settings.refinement().batch()),
                isLast,
                support,
                (done, loss) -> setting.progress().advance(done));
    setting.progress().end();
    return refined;
  }
}
