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
import falcon.torch.SampleLosses;
import falcon.torch.SampleSource;
import falcon.torch.Workers;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;

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
          searchStepSize,
          searchStart,
          positions,
          ridge,
          someSteps,
          lastSteps,
          options,
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
    var reconstructed = new Outcome(refitted, projection, null, solver.notes());
    boolean isLast = stage == plan.stageBudgets().size() - 1;
    int steps = isLast ? settings.finalSteps() : settings.steps();
    return steps == 0 ? reconstructed : refined(setting, stage, reconstructed, steps);
  }

  /// The outcome after refinement steps, or the same if they did harm.
  private Outcome refined(Setting setting, int stage, Outcome reconstructed, int steps) {
    boolean isLast = stage == setting.plan().stageBudgets().size() - 1;
    MovingSupport moving =
        settings.choiceInterval() == 0
            ? null
            : movingSupport(setting, stage, reconstructed.projection());
    Refinement.SupportChoice choice = moving == null ? Refinement.SupportChoice.FIXED : moving;
    Network refined =
        setting
            .clock()
            .time(
                "refinement",
                () -> refine(setting, stage, reconstructed.network(), steps, isLast, choice));
    List<String> harm =
        setting.clock().time("validation", () -> harm(setting, reconstructed.network(), refined));
    return harm.isEmpty()
        ? new Outcome(
            refined,
            moving == null ? reconstructed.projection() : moving.last(),
            null,
            reconstructed.notes())
        : new Outcome(
            reconstructed.network(),
            reconstructed.projection(),
            null,
            Stream.concat(reconstructed.notes().stream(), harm.stream()).toList());
  }

  private MovingSupport movingSupport(Setting setting, int stage, Projection first) {
    PruningPlan plan = setting.plan();
    CostTable costs = plan.costs();
    Budget budget = plan.stageBudgets().get(stage);
    return new MovingSupport(
        costs,
        settings.choiceInterval(),
        weights ->
            projectionFor
                .apply(setting.workers(), plan.limits())
                .project(saliency(weights, costs), costs, budget),
        first);
  }

  /// Says so if refinement took the outputs on held-out samples further from the dense network's than they
  /// were, beyond chance: few steps on few samples can be worse than none, above all where outputs vary
  /// little, so that a step is large for what they vary by.
  ///
  /// @return empty if it did not
  private static List<String> harm(Setting setting, Network before, Network after) {
    SampleSource judged = setting.samples().validation(JUDGED_SAMPLES);
    if (judged.size() == 0) {
      return List.of();
    }
    SampleLosses errors =
        SampleLosses.outputErrors(setting.dense(), before, judged, setting.workers());
    SampleLosses refinedErrors =
        SampleLosses.outputErrors(setting.dense(), after, judged, setting.workers());
    return refinedErrors.isWorseThan(errors)
        ? List.of(
            "refinement not taken: on %d held-out samples the outputs' fidelity fell from %.2f to %.2f %%"
                .formatted(judged.size(), errors.percent(), refinedErrors.percent()))
        : List.of();
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
      Refinement.SupportChoice support) {
    List<String> masked =
        setting.plan().costs().layers().stream().map(CostTable.Layer::name).toList();
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
            .refine(
                network,
                masked,
                setting.samples().draw("refinement", stage, steps * batch),
                isLast,
                support,
                (done, loss) -> setting.progress().advance(done));
    setting.progress().end();
    return refined;
  }
}
