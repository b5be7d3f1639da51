package falcon.benchmarks.solver;

import falcon.budget.Budget;
import falcon.projection.BudgetProjection;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The time of the projection against reading and sorting the same array, with weights and MACs at
/// 20 %.
final class ProjectionMeasurement implements Measurement {
  private static final int WARM_UPS = 40;
  private static final int REPETITIONS = 21;
  private static final int SORTS = 5;

  @Override
  public String name() {
    return "projection";
  }

  @Override
  public List<Figure> measure(int threads) {
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      Network large = Network.resNet50(1);
      BudgetProjection alone = new BudgetProjection();
      BudgetProjection parallel = new BudgetProjection(executor, threads);
      ReadBandwidth reading = new ReadBandwidth(large.saliency());
      Timing read = Timing.of(WARM_UPS, REPETITIONS, () -> reading.read(executor));
      Timing all = project(parallel, large, REPETITIONS);
      Timing readAlone = Timing.of(WARM_UPS, REPETITIONS, reading::read);
      Timing one = project(alone, large, REPETITIONS);
      float[] copy = large.saliency().clone();
      Timing sort =
          Timing.of(
              1,
              SORTS,
              () -> System.arraycopy(large.saliency(), 0, copy, 0, copy.length),
              () -> Arrays.parallelSort(copy));
      Timing middle = project(parallel, Network.resNet50(6), 2 * REPETITIONS);
      Timing small = project(parallel, Network.resNet20(), 10 * REPETITIONS);
      Timing smallAlone = project(alone, Network.resNet20(), 10 * REPETITIONS);
      String group = "projection_25m.";
      String here = "%d threads".formatted(threads);
      String p = "projection of 25.5 million weights";
      return List.of(
          all.over(read, group + "over_read", p + " / one read, " + here, "≤ 15"),
          all.over(sort, group + "over_sort", p + " / Arrays.parallelSort, " + here, "≤ 0.25"),
          all.figure(group + "ms", p + ", " + here, 1e3, "ms", ""),
          one.over(readAlone, group + "over_read_1", p + " / one read, 1 thread", ""),
          one.figure(group + "ms_1", p + ", 1 thread", 1e3, "ms", ""),
          read.figure(group + "read_ms", "one read, " + here, 1e3, "ms", ""),
          readAlone.figure(group + "read_ms_1", "one read, 1 thread", 1e3, "ms", ""),
          sort.figure(group + "sort_ms", "Arrays.parallelSort, all processors", 1e3, "ms", ""),
          middle.figure("projection_4m.ms", "4.25 million weights, " + here, 1e3, "ms", ""),
          small.figure("projection_268k.ms", "ResNet20, " + here, 1e3, "ms", "≤ 3"),
          smallAlone.figure("projection_268k.ms_1", "ResNet20, 1 thread", 1e3, "ms", ""),
          all.over(middle, "projection.growth", "25.5 / 4.25 million weights, " + here, "≤ 7"));
    }
  }

  private static Timing project(BudgetProjection projection, Network network, int repetitions) {
    Budget budget = new Budget(network.costs().weightCount() / 5, network.costs().totalMacs() / 5);
    return Timing.of(
        WARM_UPS,
        repetitions,
        () -> projection.project(network.saliency(), network.costs(), budget));
  }
}
