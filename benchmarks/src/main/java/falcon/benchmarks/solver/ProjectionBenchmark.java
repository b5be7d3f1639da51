package falcon.benchmarks.solver;

import falcon.budget.Budget;
import falcon.projection.BudgetProjection;
import falcon.projection.Projection;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// The time of one projection on a reused workspace, with weights and MACs at 20 %.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xmx3g"})
public class ProjectionBenchmark {
  /// Number of weights: ResNet20, ResNet50 with a sixth of the weights, ResNet50.
  @Param({"268336", "4250463", "25502912"})
  private int weights;

  /// Number of threads of the projection.
  @Param({"1", "2"})
  private int threads;

  /// Value of `falcon.simd`; every fork is a process that chooses its own kernels.
  @Param({"required", "off"})
  private String simd = "";

  private Network network = Network.resNet20();
  private Budget budget = Budget.UNLIMITED;
  private BudgetProjection projection = new BudgetProjection();
  private ExecutorService executor = Executors.newFixedThreadPool(1);

  /// Creates the state; called by JMH.
  public ProjectionBenchmark() {}

  /// Draws the weights.
  @Setup
  public void setUp() {
    System.setProperty("falcon.simd", simd);
    network =
        switch (weights) {
          case 268_336 -> Network.resNet20();
          case 25_502_912 -> Network.resNet50(1);
          default -> Network.resNet50(6);
        };
    budget = new Budget(network.costs().weightCount() / 5, network.costs().totalMacs() / 5);
    executor.close();
    executor = Executors.newFixedThreadPool(threads);
    projection = new BudgetProjection(executor, threads);
  }

  /// Ends the threads.
  @TearDown
  public void tearDown() {
    executor.close();
  }

  /// Computes one projection.
  @Benchmark
  public Projection project() {
    return projection.project(network.saliency(), network.costs(), budget);
  }
}
