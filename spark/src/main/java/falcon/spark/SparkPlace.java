package falcon.spark;

import falcon.prune.WorkPlace;
import falcon.torch.kernel.Workers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/// The executors of a Spark cluster as the place where chunks of samples are computed:
///
/// ```java
/// Falcon.prune(network, data, BudgetRequest.macs(0.30)).place(new SparkPlace(context)).run();
/// ```
public final class SparkPlace implements WorkPlace {
  private final JavaSparkContext context;
  private final List<SparkWorkers> opened = new ArrayList<>();

  /// @param context owned by the caller
  public SparkPlace(JavaSparkContext context) {
    this.context = context;
  }

  @Override
  public synchronized Workers open(int threads) {
    var workers = new SparkWorkers(threads, context);
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
