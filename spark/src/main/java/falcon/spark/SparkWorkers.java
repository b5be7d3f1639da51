package falcon.spark;

import falcon.model.Network;
import falcon.torch.execution.ChunkJob;
import falcon.torch.execution.ChunkMapper;
import falcon.torch.execution.ChunkWork;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleRange;
import falcon.torch.sample.SampleSource;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/// Workers whose chunks of samples are computed by the executors of a Spark cluster. What is not
/// cut into chunks is done by threads of the driver.
///
/// A network is sent once, as a broadcast; so is a chunk of samples, which executors fetch when a
/// task of theirs reads it and keep for the next job. Results come back as arrays, in task order.
/// A task is a function of what was sent to it: Spark may repeat it, and may run it twice. An
/// instance serves one run, on one thread.
final class SparkWorkers extends Workers implements ChunkMapper {
  private final JavaSparkContext context;
  private final ExecutorCensus census;
  private final Map<Network, Sent> networks = new WeakHashMap<>();
  private final Map<LoadedNetwork, Sent> parameters = new WeakHashMap<>();
  private final Map<SampleSource, Map<SampleRange, Broadcast<byte[]>>> samples =
      new WeakHashMap<>();
  private final Map<String, Traffic> traffic = new LinkedHashMap<>();

  /// @param size number of bytes
  private record Sent(String hash, int size, Broadcast<byte[]> bytes) {}

  /// Creates workers; the caller owns the context.
  ///
  /// @param threads number of threads of the driver
  SparkWorkers(int threads, JavaSparkContext context, ExecutorCensus census) {
    super(threads);
    this.context = context;
    this.census = census;
  }

  /// Returns what each phase has sent so far, in the order of their first jobs.
  public Map<String, Traffic> traffic() {
    return Collections.unmodifiableMap(traffic);
  }

  /// Ends the threads, and takes back what was broadcast; [#traffic] stays.
  @Override
  public void close() {
    try {
      if (!context.sc().isStopped()) {
        networks.values().forEach(sent -> sent.bytes().destroy());
        parameters.values().forEach(sent -> sent.bytes().destroy());
        samples.values().forEach(chunks -> chunks.values().forEach(Broadcast::destroy));
      }
      networks.clear();
      parameters.clear();
      samples.clear();
    } finally {
      super.close();
    }
  }

  @Override
  public <R> List<R> map(ChunkJob job, ChunkWork<R> work) {
    if (job.tasks() == 0) {
      return List.of();
    }
    long start = System.nanoTime();
    var meter = new Meter();
    var sent = new ArrayList<RemoteTask.SentNetwork>();
    job.networks().forEach(network -> sent.add(sent(network, job.name(), meter)));
    var tasks = new ArrayList<byte[]>();
    for (int i = 0; i < job.tasks(); i++) {
      tasks.add(Wire.bytes(chunks(job, i, meter)));
    }
    census.requireHeap(meter.networkBytes, meter.taskBytes);
    var remote = new RemoteTask(sent, Wire.bytes(work), job.fill());
    List<byte[]> outcomes = outcomes(job.name(), tasks, remote);
    long taskBytes = tasks.stream().mapToLong(task -> task.length + remote.work().length).sum();
    long resultBytes = outcomes.stream().mapToLong(outcome -> outcome.length).sum();
    List<R> results = results(outcomes);
    double seconds = (System.nanoTime() - start) / 1e9;
    traffic.merge(
        job.name(),
        new Traffic(1, tasks.size(), meter.bytes, taskBytes, resultBytes, seconds),
        Traffic::plus);
    return results;
  }

  private List<byte[]> outcomes(String name, List<byte[]> tasks, RemoteTask remote) {
    context.sc().setJobDescription("falcon: " + name);
    try {
      return context.parallelize(tasks, tasks.size()).setName(name).map(remote).collect();
    } catch (RuntimeException e) {
      throw SparkFailures.told(e);
    } finally {
      context.sc().setJobDescription(null);
    }
  }

  /// Returns the results.
  ///
  /// @throws RuntimeException the failure of the first task that failed
  @SuppressWarnings("unchecked") // a work's results are of its type
  private static <R> List<R> results(List<byte[]> outcomes) {
    var results = new ArrayList<R>(outcomes.size());
    for (byte[] bytes : outcomes) {
      results.add((R) RemoteTask.result(bytes));
    }
    return results;
  }

  /// Counts what a job broadcasts.
  private static final class Meter {
    private long bytes;

    /// Bytes of the job's networks, sent now or before.
    private long networkBytes;

    /// Bytes of the samples of the largest task.
    private long taskBytes;
  }

  /// @param purpose tasks of different purposes change the state of a loaded network differently,
  ///     so that each has its own
  private RemoteTask.SentNetwork sent(LoadedNetwork loaded, String purpose, Meter meter) {
    Network network = loaded.program().network();
    Sent sent =
        networks.computeIfAbsent(
            network,
            key -> {
              byte[] bytes = Wire.bytes(key);
              meter.bytes += bytes.length;
              return new Sent(hash(bytes), bytes.length, context.broadcast(bytes));
            });
    meter.networkBytes += sent.size();
    Map<String, float[]> replaced = loaded.parameters().replaced();
    Sent changed = replaced.isEmpty() ? null : sentParameters(loaded, replaced, meter);
    return new RemoteTask.SentNetwork(
        "%s %s %s".formatted(sent.hash(), changed == null ? "" : changed.hash(), purpose),
        loaded.parameters().precision(),
        sent.bytes(),
        changed == null ? null : changed.bytes());
  }

  /// Sends the parameters of a network that have changed, as those of a refinement do at each step.
  private Sent sentParameters(LoadedNetwork loaded, Map<String, float[]> values, Meter meter) {
    byte[] bytes = Wire.bytes(new LinkedHashMap<>(values));
    String hash = hash(bytes);
    Sent before = parameters.get(loaded);
    if (before != null && before.hash().equals(hash)) {
      return before;
    }
    if (before != null) {
      before.bytes().destroy();
    }
    meter.bytes += bytes.length;
    var sent = new Sent(hash, bytes.length, context.broadcast(bytes));
    parameters.put(loaded, sent);
    return sent;
  }

  private RemoteTask.Chunks chunks(ChunkJob job, int task, Meter meter) {
    Map<SampleRange, Broadcast<byte[]>> known =
        samples.computeIfAbsent(job.samples(), _ -> new HashMap<>());
    var batches = new ArrayList<Broadcast<byte[]>>();
    for (SampleRange range : job.chunks(task)) {
      batches.add(
          known.computeIfAbsent(
              range,
              _ -> {
                byte[] bytes = Wire.bytes(job.samples().batch(range.from(), range.to()));
                meter.bytes += bytes.length;
                meter.taskBytes = Math.max(meter.taskBytes, (long) bytes.length * job.together());
                return context.broadcast(bytes);
              }));
    }
    return new RemoteTask.Chunks(job.first() + task, batches);
  }

  private static String hash(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
  }
}
