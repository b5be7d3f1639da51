package falcon.spark;

import falcon.cli.Main;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/// The command line on a cluster: `spark-submit --class falcon.spark.SparkMain … prune net.onnx
/// --data DIR --macs 20% --out DIR`. Options and exit codes are those of `falcon`; chunks of
/// samples are computed by executors. The master and all settings are those of `spark-submit`.
public final class SparkMain {
  /// Refuses a cluster of different processors.
  private static final String REQUIRE_SAME_BITS = "--require-same-bits";

  private SparkMain() {}

  /// Runs one command and ends the process with its exit code.
  ///
  /// @param args arguments of `falcon`, and `--require-same-bits`
  public static void main(String[] args) {
    var others = new ArrayList<>(List.of(args));
    boolean isSameRequired = others.removeIf(REQUIRE_SAME_BITS::equals);
    var configuration = new SparkConf().setIfMissing("spark.app.name", "falcon");
    int code;
    try (var context = new JavaSparkContext(configuration)) {
      var place = new SparkPlace(context, isSameRequired, SparkMain::say);
      code = Main.run(place, others.toArray(String[]::new));
      place.traffic().forEach((phase, traffic) -> say(line(phase, traffic)));
    }
    System.exit(code);
  }

  private static String line(String phase, Traffic traffic) {
    return "on the cluster: %s: %d jobs, %d tasks, %,d bytes sent, %,d bytes back, %.1f s"
        .formatted(
            phase,
            traffic.jobs(),
            traffic.tasks(),
            traffic.broadcastBytes() + traffic.taskBytes(),
            traffic.resultBytes(),
            traffic.seconds());
  }

  private static void say(String text) {
    System.err.println(text);
  }
}
