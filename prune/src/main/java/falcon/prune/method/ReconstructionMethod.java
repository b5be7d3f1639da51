package falcon.prune.method;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.model.Network;
import falcon.projection.Projection;
import falcon.projection.group.LayerLimits;
import falcon.prune.options.Method;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.options.Schedule;
import falcon.prune.options.WeightSaliency;
import falcon.prune.plan.BudgetSchedule;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.StageNote;
import falcon.prune.report.Summary;
import falcon.torch.curvature.Ridge;
import falcon.torch.kernel.Workers;
import falcon.torch.reconstruction.Reconstruction;
import falcon.torch.training.Refinement;
import java.util.List;
import java.util.function.BiFunction;

/// The method that takes the mask from the layers' full-rank quadratic and the weights from
/// layer-wise reconstruction and a short refinement of all layers together towards the dense
/// network's outputs.
///
/// Only the projection is from the paper; choices and figures are in `docs/adr`.
///
/// @param settings all choices that affect accuracy
/// @param projectionFor creates the projection for a run's threads and the limits of its layers;
///     [MaskProjection#EXACT] unless something else is to be tried
public record ReconstructionMethod(
    Settings settings, BiFunction<Workers, LayerLimits, MaskProjection> projectionFor)
    implements PruningMethod {
  /// The greatest number of held-out samples on which a refinement is checked for harm.
  private static final int JUDGED_SAMPLES = 64;

  /// The same number where layers read values that they have made themselves: there the support is
  /// chosen on these samples, too.
  private static final int FEEDBACK_SAMPLES = 512;

  /// Greatest number of samples of all steps, each of which is drawn.
  private static final int MOST_SAMPLES = 1 << 28;

  /// All choices that affect accuracy; they were measured on validation data (`docs/results`).
  ///
  /// @param saliency what decides which weights are worth keeping
  /// @param search the support search of the first stage
  /// @param leastSquares the re-fit of the layers
  /// @param refining the joint refinement of all layers
  public record Settings(
      SaliencyRule saliency, Search search, LeastSquares leastSquares, Refining refining) {
    /// Returns the same settings with another saliency.
    public Settings withSaliency(SaliencyRule rule) {
      return new Settings(rule, search, leastSquares, refining);
    }

    /// Returns the same settings with another search.
    public Settings withSearch(Search other) {
      return new Settings(saliency, other, leastSquares, refining);
    }

    /// Returns the same settings with another refinement.
    public Settings withRefining(Refining other) {
      return new Settings(saliency, search, leastSquares, other);
    }

    /// Returns the same settings with another number of projections in the support search.
    public Settings withSearchSteps(int count) {
      return withSearch(search.withSteps(count));
    }

    /// Returns the same settings with another number of refinement steps, in every stage.
    public Settings withSteps(int count) {
      return withRefining(refining.withSteps(count, count));
    }

    /// Returns the same settings with another number of samples per refinement step.
    public Settings withBatch(int samples) {
      Refinement.Options old = refining.options();
      return withRefining(
          refining.withOptions(
              new Refinement.Options(
                  samples, old.learningRate(), old.outputWeight(), old.featureWeight())));
    }

    /// Returns the same settings with another learning rate of the refinement.
    public Settings withLearningRate(double rate) {
      Refinement.Options old = refining.options();
      return withRefining(
          refining.withOptions(
              new Refinement.Options(old.batch(), rate, old.outputWeight(), old.featureWeight())));
    }
  }

  /// The support search of the first stage.
  ///
  /// @param steps number of projections, 1 or more; with 1 the saliency of the dense weights
  ///     decides
  /// @param descent number of conjugate gradient steps of all layers between two projections, 0 or
  ///     more
  /// @param start first budget, as a multiple of the last, 1 or more
  public record Search(int steps, int descent, double start) {
    /// Returns the same search with another number of projections.
    public Search withSteps(int count) {
      return new Search(count, descent, start);
    }

    /// Returns the same search with another number of conjugate gradient steps between projections.
    public Search withDescent(int count) {
      return new Search(steps, count, start);
    }
  }

  /// The re-fit of the layers by least squares.
  ///
  /// @param positions number of output positions of each sample that the least squares look at, 1
  ///     or more
  /// @param ridge κ of the least squares of a layer with many rows, relative to the mean diagonal,
  ///     above 0; it grows where rows are few ([Ridge])
  public record LeastSquares(int positions, double ridge) {}

  /// The joint refinement of all layers, towards the outputs of the dense network.
  ///
  /// @param steps number of steps of a stage, 0 or more
  /// @param finalSteps number of steps of the last stage, 0 or more
  /// @param options the options of a step
  public record Refining(int steps, int finalSteps, Refinement.Options options) {
    /// Returns the same refinement with other numbers of steps.
    ///
    /// @param count number of steps of a stage
    /// @param last number of steps of the last stage
    public Refining withSteps(int count, int last) {
      return new Refining(count, last, options);
    }

    /// Returns the same refinement with other options of a step.
    public Refining withOptions(Refinement.Options other) {
      return new Refining(steps, finalSteps, other);
    }
  }

  /// Returns the settings of [Method#FALCON] or [Method#FALCON_PLUS_PLUS].
  public static Settings defaults(Method method) {
    return Methods.reconstruction(method);
  }

  @Override
  public Outcome run(Setting setting, int stage, Network present) {
    boolean feedsBack = Reconstruction.feedsBack(setting.dense(), maskedTensors(setting));
    var heldOut = new OutcomeSelection(setting, feedsBack ? FEEDBACK_SAMPLES : JUDGED_SAMPLES);
    Outcome reconstructed = reconstructed(setting, stage, present, feedsBack, heldOut);
    Outcome found =
        steps(setting, stage) == 0
            ? reconstructed
            : refined(setting, stage, reconstructed, heldOut);
    return isLast(setting, stage)
        ? heldOut.unlessMagnitudeIsBetter(found, magnitude(setting))
        : found;
  }

  /// Returns the network with the mask of the stage and re-fitted weights: where layers read what
  /// they have made, the better of two masks.
  private Outcome reconstructed(
      Setting setting, int stage, Network present, boolean feedsBack, OutcomeSelection heldOut) {
    boolean isSearched =
        stage == 0 && settings.search().steps() > 1 && setting.plan().path().isEmpty();
    StageCheckpoints checkpoints = checkpoints(setting);
    var saliency = new StageSaliency(setting, settings);
    Outcome reconstructed =
        checkpoints.outcome(
            "reconstruction",
            () ->
                reconstructed(
                    setting,
                    stage,
                    present,
                    isSearched
                        ? checkpoints.projection("support search", () -> search(setting, saliency))
                        : projection(setting, stage, present, saliency)));
    if (isSearched && feedsBack) {
      Outcome start =
          checkpoints.outcome(
              "second reconstruction",
              () ->
                  reconstructed(
                      setting, stage, present, projection(setting, stage, present, saliency)));
      reconstructed = heldOut.better(reconstructed, start);
    }
    return reconstructed;
  }

  /// Returns what the dense weights' squares alone give, with nothing re-fitted.
  private static Outcome magnitude(Setting setting) {
    PruningPlan plan = setting.plan();
    return new MagnitudeMethod(WeightSaliency.SQUARES)
        .prune(setting.dense(), plan, plan.magnitudeBudget(), setting.workers(), setting.clock());
  }

  /// Returns the number of refinement steps of a stage.
  private int steps(Setting setting, int stage) {
    return isLast(setting, stage) ? settings.refining().finalSteps() : settings.refining().steps();
  }

  private static boolean isLast(Setting setting, int stage) {
    return stage == setting.plan().stageBudgets().size() - 1;
  }

  /// Returns the number of a stage's draws, which differ from those of the runs before it.
  private static int draw(Setting setting, int stage) {
    return setting.plan().path().size() + stage;
  }

  private StageCheckpoints checkpoints(Setting setting) {
    return setting.checkpoints().with(settings.toString());
  }

  private static List<String> maskedTensors(Setting setting) {
    return setting.plan().costs().layers().stream().map(CostTable.Layer::name).toList();
  }

  /// Returns the best mask for the present weights' saliency.
  private Projection projection(
      Setting setting, int stage, Network present, StageSaliency saliency) {
    PruningPlan plan = setting.plan();
    return setting
        .clock()
        .time(
            stage == 0 ? "support" : "projection",
            () ->
                projectionFor
                    .apply(setting.workers(), plan.limits())
                    .project(
                        saliency.function().apply(WeightVector.of(present, plan.costs())),
                        plan.costs(),
                        plan.stageBudgets().get(stage)));
  }

  /// Returns the present network with the pruned weights at zero and the kept ones re-fitted.
  private Outcome reconstructed(
      Setting setting, int stage, Network present, Projection projection) {
    CostTable costs = setting.plan().costs();
    Mask mask = projection.mask();
    var solver = new LayerSolver(costs, mask, ridge(), setting.workers());
    Network refitted =
        setting
            .clock()
            .time("reconstruction", () -> reconstruct(setting, stage, present, mask, solver));
    return new Outcome(refitted, projection, null, solver.notes());
  }

  /// Returns the outcome after the refinement steps, or the same outcome if they did harm.
  private Outcome refined(
      Setting setting, int stage, Outcome reconstructed, OutcomeSelection heldOut) {
    Network refined;
    try {
      refined =
          setting.clock().time("refinement", () -> refine(setting, stage, reconstructed.network()));
    } catch (ArithmeticException e) {
      setting.progress().end();
      return reconstructed.withNote(new StageNote.FailedRefinement(String.valueOf(e.getMessage())));
    }
    return heldOut.unlessHarmful(reconstructed, refined);
  }

  /// Searches for the support in the first stage.
  private Projection search(Setting setting, StageSaliency saliency) {
    return setting
        .clock()
        .time("support", () -> search(setting, setting.plan().stageBudgets().getFirst(), saliency));
  }

  private Projection search(Setting setting, Budget budget, StageSaliency saliency) {
    CostTable costs = setting.plan().costs();
    Workers workers = setting.workers();
    MaskProjection projection = projectionFor.apply(workers, setting.plan().limits());
    float[] dense = WeightVector.of(setting.dense(), costs);
    List<Budget> budgets =
        BudgetSchedule.of(
            Schedule.GEOMETRIC,
            settings.search().steps(),
            settings.search().start(),
            budget,
            costs);
    return saliency.withDescents(descents ->
        new SupportSearch(
                costs,
                saliency.function(descents),
                projection,
                settings.search().descent(),
                workers)
            .search(dense, descents, budgets));
  }

  private Ridge ridge() {
    return Ridge.growing(settings.leastSquares().ridge());
  }

  private Network reconstruct(
      Setting setting, int stage, Network present, Mask mask, LayerSolver solver) {
    CostTable costs = setting.plan().costs();
    Network masked = WeightVector.into(present, WeightVector.of(present, costs), mask, costs);
    List<String> tensors = setting.plan().adaptable();
    var reconstruction =
        new Reconstruction(
            setting.dense(),
            new Reconstruction.Options(
                settings.leastSquares().positions(), true, setting.plan().passBytes()),
            setting.workers());
    setting.progress().begin("reconstruct", tensors.size());
    Network refitted =
        reconstruction.refit(
            masked,
            tensors,
            setting
                .samples()
                .draw("reconstruction", draw(setting, stage), setting.plan().samples()),
            solver,
            layers -> setting.progress().advance(layers));
    setting.progress().end();
    return refitted;
  }

  private Network refine(Setting setting, int stage, Network network) {
    int steps = steps(setting, stage);
    List<String> masked = maskedTensors(setting);
    int batch = setting.samples().inWholeBatches(settings.refining().options().batch());
    Refinement.Options options =
        settings.withBatch(batch).refining().options(); // no sample counts twice
    if ((long) steps * batch > MOST_SAMPLES) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s %,d are too many for steps of %,d samples; at most %,d are possible."
              .formatted(Option.STEPS, steps, batch, MOST_SAMPLES / batch));
    }
    setting.progress().begin("refine", steps);
    Refinement.Listener listener =
        new Refinement.Listener() {
          @Override
          public void expected(double seconds) {
            setting
                .progress()
                .note(
                    "refining all layers: %,d steps of %d samples, about %s"
                        .formatted(steps, batch, Summary.time(seconds)));
            setting.progress().expect(seconds);
          }

          @Override
          public void done(int done, double loss) {
            setting.progress().advance(done);
          }
        };
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
                setting.samples().draw("refinement", draw(setting, stage), steps * batch),
                isLast(setting, stage),
                listener);
    setting.progress().end();
    return refined;
  }
}
