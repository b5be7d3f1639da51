package falcon.spark;

import falcon.torch.Precision;
import falcon.torch.execution.ChunkWork;
import falcon.torch.sample.SampleBatch;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;

/// What an executor does for one task of a job: `bytes of a [Chunks] → bytes of an [Outcome]`.
///
/// @param networks the networks of the job
/// @param work bytes of the [ChunkWork]
/// @param fill number of samples that chunks are filled up to, 0 for none
@SuppressWarnings("ArrayRecordComponent") // on its way to another process
record RemoteTask(ArrayList<SentNetwork> networks, byte[] work, int fill)
    implements Function<byte[], byte[]> {

  /// A network that has been sent.
  ///
  /// @param hash tells it, with these parameters and for this purpose, from others
  /// @param precision precision that it is executed in
  /// @param parameters bytes of a map of the parameters that have other values than in the network,
  ///     null if none has
  record SentNetwork(
      String hash,
      Precision precision,
      Broadcast<byte[]> bytes,
      @Nullable Broadcast<byte[]> parameters)
      implements Serializable {}

  /// The chunks of a task.
  ///
  /// @param number number of the task in its job
  /// @param batches bytes of each chunk's [SampleBatch]
  record Chunks(int number, ArrayList<Broadcast<byte[]>> batches) implements Serializable {}

  /// The outcome of a task that came to an end: a result, or why there is none and never will be.
  sealed interface Outcome extends Serializable {
    /// @param value what the work returned
    record Done(Object value) implements Outcome {}

    /// @param failure what the work threw
    /// @param host the machine
    record Failed(RuntimeException failure, String host) implements Outcome {}
  }

  @Override
  public byte[] call(byte[] bytes) {
    var chunks = (Chunks) Wire.object(bytes);
    var batches = new ArrayList<SampleBatch>();
    chunks.batches().forEach(batch -> batches.add((SampleBatch) Wire.object(batch.value())));
    return outcome(() -> result(chunks.number(), batches));
  }

  /// Returns the bytes of an outcome.
  ///
  /// @throws RuntimeException if Spark has ended the task, which another executor has done
  static byte[] outcome(Supplier<?> work) {
    try {
      return Wire.bytes(new Outcome.Done(work.get()));
    } catch (RuntimeException failure) {
      TaskContext context = TaskContext.get();
      if (Thread.currentThread().isInterrupted() || (context != null && context.isInterrupted())) {
        throw failure;
      }
      return failed(failure);
    }
  }

  /// Returns the result of an outcome.
  ///
  /// @throws RuntimeException why there is none
  static Object result(byte[] outcome) {
    return switch ((Outcome) Wire.object(outcome)) {
      case Outcome.Done(Object value) -> value;
      case Outcome.Failed(RuntimeException failure, String _) -> throw failure;
    };
  }

  private Object result(int number, List<SampleBatch> batches) {
    ChunkWork<?> used = (ChunkWork<?>) Wire.object(work);
    return ExecutorNetworks.with(
        networks, loaded -> used.of(ChunkWork.Task.of(loaded, number, batches, fill)));
  }

  /// A fault of network or data is the same wherever the task is done: Spark need not repeat it.
  private static byte[] failed(RuntimeException failure) {
    String host = ExecutorNetworks.host();
    try {
      return Wire.bytes(new Outcome.Failed(failure, host));
    } catch (RuntimeException _) {
      var sendable = new IllegalStateException(String.valueOf(failure.getMessage()));
      sendable.setStackTrace(failure.getStackTrace());
      return Wire.bytes(new Outcome.Failed(sendable, host));
    }
  }
}
