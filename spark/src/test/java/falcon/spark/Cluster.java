package falcon.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/// Clusters of executor processes on this machine, for tests.
final class Cluster {
  private Cluster() {}

  /// Starts executors of one core and 2 GiB each. Spark wants a home with a folder for its jars; the
  /// executors get this process' class path.
  static JavaSparkContext of(int executors) {
    return new JavaSparkContext(conf("local-cluster[%d,1,2048]".formatted(executors)));
  }

  static SparkConf conf(String master) {
    try {
      Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new SparkConf()
        .setMaster(master)
        .setAppName("falcon test")
        .set("spark.ui.enabled", "false")
        .set("spark.executor.memory", "1g")
        .set("spark.executorEnv.JAVA_HOME", System.getProperty("java.home"))
        .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
        .set("spark.executor.extraJavaOptions", SparkLaunch.JVM_OPTIONS);
  }
}
