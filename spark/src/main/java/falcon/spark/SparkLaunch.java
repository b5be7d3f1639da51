package falcon.spark;

/// How processes that run Falcon on Spark are started.
public final class SparkLaunch {
  /// Options of every JVM that may touch libtorch, for `spark.executor.extraJavaOptions` and
  /// `spark.driver.extraJavaOptions`.
  public static final String JVM_OPTIONS =
      "--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
          + " -Dorg.bytedeco.javacpp.maxBytes=0 -Dorg.bytedeco.javacpp.maxPhysicalBytes=0";

  private SparkLaunch() {}
}
