package falcon.prune.method;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.gradients.GradientMatrix;
import falcon.gradients.MemoryPlan;
import falcon.linear.GramProduct;
import falcon.model.Network;
import falcon.projection.Projection;
import falcon.prune.options.Curvature;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.plan.PruningPlan;
import falcon.prune.resources.ScratchFile;
import falcon.quadratic.Backsolve;
import falcon.quadratic.DiscreteFirstOrder;
import falcon.quadratic.Quadratic;
import falcon.quadratic.RestrictedQuadratic;
import falcon.quadratic.Solution;
import falcon.torch.Precision;
import falcon.torch.execution.BinaryOutput;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.gradient.BfloatGramProduct;
import falcon.torch.gradient.PerSampleGradients;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/// The method of the paper: a low-rank quadratic from per-sample gradients, the discrete
/// first-order method with the projection in every step, and the backsolve on the support.
///
/// Source: FALCON (arXiv:2403.07094), sections 3 and 4.
///
/// @param curvature the kind of rows of the gradient matrix
/// @param ridge λ > 0
/// @param block number of weights that are solved together, 0 for all
record BacksolveMethod(Curvature curvature, double ridge, int block) implements PruningMethod {
  /// The first-order term of a row of the empirical Fisher, before division by the number of rows;
  /// the paper's code takes 1e-2 to 1e-4.
  private static final double EMPIRICAL_RESIDUAL = 1e-3;

  /// Samples whose outputs tell whether one output is a probability.
  private static final int MEANING_SAMPLES = 64;

  @Override
  public Outcome run(Setting setting, int stage, Network present) {
    PruningPlan plan = setting.plan();
    CostTable costs = plan.costs();
    Budget budget = plan.stageBudgets().get(stage);
    Workers workers = setting.workers();
    SampleSource samples = setting.samples().draw("gradients", stage, plan.samples());
    float[] weights = WeightVector.of(present, costs);
    long signSeed =
        falcon.data.Seeds.of(setting.samples().seed(), "output signs", stage).nextLong();
    MemoryPlan memory = Objects.requireNonNull(plan.gradients());
    try (var gradients =
        GradientMatrix.allocate(samples.size(), costs, storage(memory, setting.scratch()))) {
      setting.clock().time("gradients", () -> fill(gradients, setting, present, samples, signSeed));
      double effectiveRows = gradients.effectiveRows();
      Quadratic quadratic =
          Quadratic.of(
              gradients, weights, residual(setting, present, samples, signSeed, stage), ridge);
      var projector =
          new CertifiedProjector(costs, plan.limits(), workers.executor(), workers.threads());
      float[] solved = solve(setting, quadratic, projector, weights, budget);
      Projection certificate = projector.accepted();
      return new Outcome(
          WeightVector.into(present, solved, certificate.mask(), costs),
          certificate,
          effectiveRows,
          List.of());
    }
  }

  /// Finds the support and its weights.
  private float[] solve(
      Setting setting,
      Quadratic quadratic,
      CertifiedProjector projector,
      float[] weights,
      Budget budget) {
    PruningPlan plan = setting.plan();
    Workers workers = setting.workers();
    int columns = Objects.requireNonNull(plan.gradients()).activeColumns();
    var method =
        new DiscreteFirstOrder(
            quadratic,
            projector,
            DiscreteFirstOrder.Settings.DEFAULT.withMaxColumns(columns),
            workers.executor());
    setting.progress().begin("solve", 2);
    Solution solution =
        setting.clock().time("first-order method", () -> method.solve(weights, budget));
    setting.progress().advance(1);
    float[] solved =
        setting.clock().time("backsolve", () -> backsolve(quadratic, solution, plan, workers));
    setting.progress().advance(2);
    setting.progress().end();
    return solved;
  }

  private static GradientMatrix.Storage storage(MemoryPlan memory, Path scratch) {
    return new GradientMatrix.Storage(
        memory.format(), memory.isOnDisk() ? ScratchFile.in(scratch) : null);
  }

  /// Solves for the kept weights. Of a matrix in a file, the kept columns are read once and solved
  /// in memory.
  private float[] backsolve(
      Quadratic quadratic, Solution solution, PruningPlan plan, Workers workers) {
    GramProduct product = BfloatGramProduct.orJava(workers);
    if (block > 0) {
      return new Backsolve(quadratic, product, workers.executor())
          .blockwise(solution.kept(), block, layer -> channelLength(plan.layers().get(layer)));
    }
    if (!quadratic.isOnDisk()) {
      return new Backsolve(quadratic, product, workers.executor()).full(solution.kept());
    }
    try (var support = RestrictedQuadratic.onSupport(quadratic, solution, workers.executor())) {
      return support.spread(
          new Backsolve(support.quadratic(), product, workers.executor())
              .full(Mask.all(support.columnCount())));
    }
  }

  /// Returns the number of weights of an output channel where they are certain to be contiguous, as
  /// in a convolution; else 1. Blocks of whole channels fit better (`docs/results/ablation.md`).
  private static int channelLength(PruningPlan.PrunableLayer layer) {
    return layer.shape().size() < 3 ? 1 : Math.toIntExact(layer.count() / layer.shape().getFirst());
  }

  private Integer fill(
      GradientMatrix gradients,
      Setting setting,
      Network present,
      SampleSource samples,
      long signSeed) {
    List<CostTable.Layer> layers = setting.plan().costs().layers();
    setting.progress().begin("gradients", samples.size());
    var done = new java.util.concurrent.atomic.AtomicInteger();
    new PerSampleGradients(
            present,
            layers.stream().map(CostTable.Layer::name).toList(),
            Precision.FLOAT32,
            setting.workers())
        .compute(
            samples,
            rowKind(setting, signSeed),
            (layer, firstRow, rows) -> write(gradients, layer, firstRow, rows),
            done::set);
    setting.progress().end();
    return done.get();
  }

  /// Returns the kind of rows: gradients of the labels' cross-entropy where the run has labels; of
  /// labels that a classifier draws from its own softmax where the run has none; of the outputs
  /// where these are not classes.
  private PerSampleGradients.RowKind rowKind(Setting setting, long seed) {
    return switch (curvature) {
      case LOGITS -> new PerSampleGradients.RowKind.OutputSigns(seed);
      case EMPIRICAL ->
          switch (setting.samples().match().measure()) {
            case ACCURACY -> ofLabels(setting);
            case AGREEMENT -> new PerSampleGradients.RowKind.SampledLabels(seed, 1);
            case FIDELITY ->
                throw new PruningException(
                    PruningException.Kind.USAGE,
                    "%s empirical is for classifiers; the network's outputs are no classes. Leave it out."
                        .formatted(Option.CURVATURE));
          };
    };
  }

  /// Gradients of the labels' cross-entropy, of several outputs or of one.
  private static PerSampleGradients.RowKind ofLabels(Setting setting) {
    BinaryOutput meaning = BinaryOutput.of(setting.dense());
    Logits few =
        Evaluation.logits(
                setting.dense(),
                setting.samples().draw("meaning of the output", 0, MEANING_SAMPLES),
                setting.workers())
            .meaning(meaning);
    return few.binary() == null
        ? new PerSampleGradients.RowKind.Empirical()
        : new PerSampleGradients.RowKind.EmpiricalBinary(few.binary());
  }

  private static void write(GradientMatrix gradients, int layer, int firstRow, MemorySegment rows) {
    try {
      gradients.write(layer, firstRow, rows);
    } catch (IllegalArgumentException e) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s%nThe network's outputs overflow on this data; check the preprocessing and the weights."
              .formatted(e.getMessage()),
          e);
    }
  }

  /// Returns e of `algorithm`: a small constant, or the error of the outputs made so far.
  private double[] residual(
      Setting setting, Network present, SampleSource samples, long signSeed, int stage) {
    var residual = new double[samples.size()];
    switch (curvature) {
      case EMPIRICAL -> java.util.Arrays.fill(residual, EMPIRICAL_RESIDUAL / samples.size());
      case LOGITS -> {
        if (stage > 0) {
          Logits now = Evaluation.logits(present, samples, setting.workers());
          Logits dense = Evaluation.logits(setting.dense(), samples, setting.workers());
          for (int i = 0; i < residual.length; i++) {
            float[] signs = PerSampleGradients.signs(signSeed, i, now.classes());
            for (int c = 0; c < signs.length; c++) {
              residual[i] += signs[c] * ((double) now.value(i, c) - dense.value(i, c));
            }
          }
        }
      }
    }
    return residual;
  }
}
