package falcon.spark;

import falcon.prune.WorkPlace;
import falcon.torch.kernel.Workers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;

/// The executors of a Spark cluster as the place where chunks of samples are computed:
///
/// ```
/// Falcon.prune(network, data, BudgetRequest.macs(0.30)).place(new SparkPlace(context)).run();
/// ```
public final class SparkPlace implements WorkPlace {
  private final JavaSparkContext context;
  private final boolean isSameRequired;
  private final Consumer<String> warn;
  private final List<SparkWorkers> opened = new ArrayList<>();
  private @Nullable ExecutorCensus census;

  /// Creates a place that says nothing of different processors.
  ///
  /// @param context owned by the caller
  public SparkPlace(JavaSparkContext context) {
    this(context, false, _ -> {});
  }

  /// Creates a place.
  ///
  /// @param context owned by the caller
  /// @param isSameRequired refuses executors with different processors
  /// @param warn is told of executors with different processors
  public SparkPlace(JavaSparkContext context, boolean isSameRequired, Consumer<String> warn) {
    this.context = context;
    this.isSameRequired = isSameRequired;
    this.warn = warn;
  }

  /// Begins a run; asks the executors what they are, the first time.
  ///
  /// @throws falcon.prune.options.PruningException if the cluster does no work, or has different
  ///     processors and must not
  @Override
  public synchronized Workers open(int threads) {
    if (census == null) {
      census = ExecutorCensus.of(context);
      census.requireSameBits(isSameRequired, warn);
    }
    var workers = new SparkWorkers(threads, context, census);
    opened.add(workers);
    return workers;
  }

  /// Returns what the phases of all runs have sent so far.
  public synchronized Map<String, Traffic> traffic() {
    var all = new LinkedHashMap<String, Traffic>();
    for (SparkWorkers workers : opened) {
      workers.traffic().forEach((phase, traffic) -> all.merge(phase, traffic, Traffic::plus));
    }
    return all;
  }
}
