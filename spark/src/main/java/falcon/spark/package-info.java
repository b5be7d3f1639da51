/// Falcon on Apache Spark: chunks of samples are computed by executors, all else by the driver, and
/// the result has the same bits as on one machine.
///
/// Read [falcon.spark.SparkWorkers] first, then [falcon.spark.FalconPruner], the estimator.
/// `docs/spark.md` says how it is used. No other module imports `org.apache.spark`, and none
/// imports this one.
@NullMarked
package falcon.spark;

import org.jspecify.annotations.NullMarked;
