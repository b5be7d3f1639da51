package falcon.spark;

import falcon.model.Network;
import falcon.prune.WorkPlace;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;

/// Whole runs as tasks: `bytes of a [PruneTask] → bytes of an outcome`. Such a run uses the cores
/// of one executor.
///
/// @param input bytes of an [Input]
record Sweep(Broadcast<byte[]> input) implements Function<byte[], byte[]> {
  /// What all runs read.
  record Input(Network network, DrawnRows rows, String location) implements Serializable {}

  @Override
  public byte[] call(byte[] bytes) {
    var read = (Input) Wire.object(input.value());
    var task = (PruneTask) Wire.object(bytes);
    int threads = SparkEnv.get().conf().getInt("spark.task.cpus", 1);
    return RemoteTask.outcome(() ->
        task.run(
            Path.of(read.location()), read.network(), read.rows(), threads, WorkPlace.THREADS));
  }

  /// Returns the files of a run.
  ///
  /// @throws RuntimeException why it has none
  @SuppressWarnings("unchecked") // what the tasks return
  static LinkedHashMap<String, byte[]> files(byte[] outcome) {
    return (LinkedHashMap<String, byte[]>) RemoteTask.result(outcome);
  }
}
