package falcon.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/// The cluster of the tests: two executor processes on this machine, of one core and 1 GiB of heap
/// each, started with the first test and ended with the process.
final class Cluster {
  static final String TWO_EXECUTORS = "local-cluster[2,1,2048]";

  private static final class Started {
    static final SparkSession SESSION = start(TWO_EXECUTORS);
  }

  private Cluster() {}

  static SparkSession session() {
    return Started.SESSION;
  }

  static JavaSparkContext context() {
    return new JavaSparkContext(session().sparkContext());
  }

  /// Spark wants a home with a folder for its jars; executors get this process' class path.
  private static SparkSession start(String master) {
    try {
      Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return SparkSession.builder()
        .master(master)
        .appName("falcon test")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.executor.memory", "1g")
        .config("spark.executorEnv.JAVA_HOME", System.getProperty("java.home"))
        .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
        .config("spark.executor.extraJavaOptions", SparkLaunch.JVM_OPTIONS)
        .getOrCreate();
  }
}
