package falcon.benchmarks.solver;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.gradients.GradientMatrix;
import falcon.gradients.MemoryPlan;
import falcon.linear.BlockedGramProduct;
import falcon.projection.BudgetProjection;
import falcon.prune.resources.ScratchFile;
import falcon.quadratic.Backsolve;
import falcon.quadratic.DiscreteFirstOrder;
import falcon.quadratic.Projector;
import falcon.quadratic.Quadratic;
import falcon.quadratic.RestrictedQuadratic;
import falcon.quadratic.Solution;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The time and memory of the whole low-rank method at ResNet50's size under 16 GiB: writing X,
/// projection, first-order method, full backsolve.
///
/// System properties: `falcon.fullscale.rows` (default 500), `falcon.fullscale.gib` (16),
/// `falcon.fullscale.scratch` (folder of the file, by default the one for temporary files).
final class FullScaleMeasurement implements Measurement {
  private static final double MAC_SHARE = 0.2;

  /// Ratio of NNZ share to MAC share, as in pruning with a backsolve.
  private static final double NNZ_PER_MACS = 1.2;

  private static final double RIDGE = 1e-2;
  private static final double GIB = 1L << 30;
  private static final long OTHER_BYTES = 400L << 20;

  private final List<Figure> figures = new ArrayList<>();

  @Override
  public String name() {
    return "full_scale";
  }

  @Override
  public List<Figure> measure(int threads) {
    figures.clear();
    CostTable costs = ResNetCosts.resnet50();
    int rows = Integer.getInteger("falcon.fullscale.rows", 500);
    Path folder =
        Path.of(
            System.getProperty("falcon.fullscale.scratch", ScratchFile.defaultFolder().toString()));
    var budget =
        new Budget(
            (long) (MAC_SHARE * NNZ_PER_MACS * costs.weightCount()),
            (long) (MAC_SHARE * costs.totalMacs()));
    MemoryPlan plan = plan(rows, costs, budget, folder);
    System.err.println(plan);
    long start = System.nanoTime();
    try (var executor = Executors.newFixedThreadPool(threads);
        var gradients =
            GradientMatrix.allocate(
                rows,
                costs,
                new GradientMatrix.Storage(
                    plan.format(), plan.isOnDisk() ? ScratchFile.in(folder) : null))) {
      run(new Problem(costs, budget, plan, executor), gradients, threads);
    }
    add("seconds", "all of it", (System.nanoTime() - start) / 1e9, "s");
    figures.add(
        Figure.single("full_scale.peak_gib", "greatest resident memory", peakGib(), "GiB", "< 17"));
    return figures;
  }

  private record Problem(
      CostTable costs, Budget budget, MemoryPlan plan, ExecutorService executor) {}

  private void run(Problem problem, GradientMatrix gradients, int threads) {
    CostTable costs = problem.costs();
    ExecutorService executor = problem.executor();
    float[] dense = write(problem, gradients);
    var projection = new BudgetProjection(executor, threads);
    Projector projector = (saliency, limits) -> projection.project(saliency, costs, limits).mask();
    Mask[] first = new Mask[1];
    timed(
        "projection_s",
        "projection of the squared weights, the first one",
        () -> {
          float[] squares = new float[dense.length];
          for (int i = 0; i < squares.length; i++) {
            squares[i] = dense[i] * dense[i];
          }
          first[0] = projector.project(squares, problem.budget());
        });
    add("kept", "weights that the first mask keeps", (double) first[0].keptCount(), "");
    var quadratic = Quadratic.of(gradients, dense, new double[gradients.rows()], RIDGE);
    backsolve(quadratic, firstOrder(problem, quadratic, projector, dense), executor);
  }

  /// @return w̄
  private float[] write(Problem problem, GradientMatrix gradients) {
    var synthetic = new SyntheticGradients(problem.costs(), gradients.rows(), 1);
    double gigabytes = gradients.byteSize() / 1e9;
    add("matrix_gb", "bytes of X, " + problem.plan().format(), gigabytes, "GB");
    double write =
        timed(
            "write_s",
            "making and writing X",
            () -> {
              synthetic.write(gradients, problem.executor());
            });
    add("write_gbs", "of that, bytes of X", gigabytes / write, "GB/s");
    return synthetic.weights();
  }

  private Solution firstOrder(
      Problem problem, Quadratic quadratic, Projector projector, float[] dense) {
    var settings =
        DiscreteFirstOrder.Settings.DEFAULT.withMaxColumns(problem.plan().activeColumns());
    var method = new DiscreteFirstOrder(quadratic, projector, settings, problem.executor());
    Solution[] solution = new Solution[1];
    timed("dfo_s", "first-order method", () -> solution[0] = method.solve(dense, problem.budget()));
    Solution found = solution[0];
    System.err.printf("%s %s%n", found.outcome(), found.objectives());
    add("dfo_iterations", "steps of it", found.iterations(), "");
    add("dfo_changes", "weights that entered the support", found.supportChanges(), "");
    add(
        "dfo_objective",
        "objective over that of the start",
        found.objective() / found.initialObjective(),
        "x");
    return found;
  }

  private void backsolve(Quadratic quadratic, Solution found, ExecutorService executor) {
    long start = System.nanoTime();
    try (var support = RestrictedQuadratic.onSupport(quadratic, found, executor)) {
      double gather = (System.nanoTime() - start) / 1e9;
      add("gather_s", "reading the kept columns from X", gather, "s");
      add("kept_gb", "bytes of the kept columns", support.quadratic().gradientBytes() / 1e9, "GB");
      float[][] solved = new float[1][];
      timed(
          "backsolve_s",
          "full backsolve on them",
          () -> {
            solved[0] =
                new Backsolve(support.quadratic(), new BlockedGramProduct(), executor)
                    .full(Mask.all(support.columnCount()));
          });

      add(
          "backsolve_objective",
          "its objective, the pruned columns' constant left out, over that of the solution",
          support.quadratic().value(solved[0], executor)
              / support.quadratic().value(support.gather(found.weights()), executor),
          "x");
    }
  }

  private static MemoryPlan plan(int rows, CostTable costs, Budget budget, Path folder) {
    long limit =
        (long) (Double.parseDouble(System.getProperty("falcon.fullscale.gib", "16")) * GIB);
    var request =
        new MemoryPlan.Request(
            rows,
            costs.weightCount(),
            MemoryPlan.mostKept(budget, costs),
            limit,
            ScratchFile.freeBytes(folder),
            OTHER_BYTES);
    MemoryPlan plan = MemoryPlan.of(request);
    if (plan == null) {
      throw new IllegalStateException(
          "%d bytes of memory needed, %d bytes of disk free"
              .formatted(MemoryPlan.leastBytes(request), request.diskBytes()));
    }
    return plan;
  }

  private double timed(String key, String what, Runnable work) {
    double moved = diskBytes();
    long start = System.nanoTime();
    work.run();
    double seconds = (System.nanoTime() - start) / 1e9;
    add(key, what, seconds, "s");
    add(
        key.replace("_s", "_disk_gb"),
        "bytes to and from disk",
        diskBytes() / 1e9 - moved / 1e9,
        "GB");
    return seconds;
  }

  /// Returns the number of bytes that this process has read from disk and written to it.
  private static double diskBytes() {
    return status("/proc/self/io", "read_bytes:") + status("/proc/self/io", "write_bytes:");
  }

  private void add(String key, String what, double value, String unit) {
    System.err.printf("full_scale.%s %.4g %s%n", key, value, unit);
    figures.add(Figure.single("full_scale." + key, what, value, unit, ""));
  }

  private static double peakGib() {
    return status("/proc/self/status", "VmHWM:") * 1024 / GIB;
  }

  /// Returns the number in a line of a file of the operating system.
  private static double status(String file, String name) {
    try (var lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(name))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
