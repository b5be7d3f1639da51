package falcon.spark;

import falcon.prune.options.PruningException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;

/// The executors of a cluster as they are before the work: processors, whose bits may differ, and
/// memory.
///
/// @param executors those that were found, by their number
record ExecutorCensus(List<Executor> executors) {
  /// Tasks for each core that the cluster tells of, so that every executor gets one.
  private static final int TASKS_PER_CORE = 4;

  private static final long PAUSE_MILLISECONDS = 40;

  /// Flags of a processor that decide which instructions libraries take.
  private static final Set<String> INSTRUCTIONS =
      Set.of("sse4_1", "avx", "avx2", "fma", "avx512f", "avx512_vnni", "amx_tile", "asimd", "sve");

  /// Copies of a network on an executor's heap while it is received: bytes, objects, arrays.
  private static final int NETWORK_COPIES = 3;

  /// Copies of a task's samples and results while they are received and sent.
  private static final int SAMPLE_COPIES = 3;

  /// Heap of an executor that does nothing, by Spark's own reckoning.
  private static final long SPARK_BYTES = 300L << 20;

  /// What one executor told of itself.
  ///
  /// @param processor its instructions, and the computations of libtorch that are replaced there
  /// @param heapBytes greatest Java heap
  /// @param cores tasks that run at a time
  record Executor(String id, String host, String processor, long heapBytes, int cores)
      implements Serializable {}

  /// Asks all executors; each unpacks and loads libtorch.
  static ExecutorCensus of(JavaSparkContext context) {
    int tasks = TASKS_PER_CORE * Math.max(1, context.defaultParallelism());
    context.sc().setJobDescription("falcon: executors");
    List<byte[]> told;
    try {
      told =
          context
              .parallelize(IntStream.range(0, tasks).boxed().toList(), tasks)
              .map(_ -> RemoteTask.outcome(ExecutorCensus::here))
              .collect();
    } catch (RuntimeException e) {
      throw SparkFailures.told(e);
    } finally {
      context.sc().setJobDescription(null);
    }
    var found = new TreeMap<String, Executor>();
    for (byte[] outcome : told) {
      var executor = (Executor) RemoteTask.result(outcome);
      found.put(executor.id(), executor);
    }
    return new ExecutorCensus(List.copyOf(found.values()));
  }

  private static Executor here() {
    try {
      Thread.sleep(PAUSE_MILLISECONDS); // Others get tasks meanwhile.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    SparkEnv environment = SparkEnv.get();
    int cores = environment.conf().getInt("spark.executor.cores", 1);
    return new Executor(
        environment.executorId(),
        ExecutorNetworks.host(),
        processor() + replaced(ExecutorNetworks.replacedKernels()),
        Runtime.getRuntime().maxMemory(),
        Math.max(1, cores / Math.max(1, environment.conf().getInt("spark.task.cpus", 1))));
  }

  private static String replaced(Map<String, String> kernels) {
    return kernels.isEmpty() ? "" : " without " + new TreeSet<>(kernels.keySet());
  }

  private static String processor() {
    String architecture = System.getProperty("os.arch");
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("flags") || line.startsWith("Features")) {
          var known =
              new ArrayList<>(Arrays.asList(line.substring(line.indexOf(':') + 1).split(" ")));
          known.retainAll(INSTRUCTIONS);
          known.sort(Comparator.naturalOrder());
          return architecture + " " + String.join(" ", known);
        }
      }
    } catch (IOException _) {
      return architecture; // not Linux
    }
    return architecture;
  }

  /// Warns of executors with different processors.
  ///
  /// @param isSameRequired refuses them instead
  /// @throws PruningException if they are refused; names the machines
  void requireSameBits(boolean isSameRequired, Consumer<String> warn) {
    Map<String, String> hosts =
        executors.stream()
            .collect(
                Collectors.groupingBy(
                    Executor::processor,
                    TreeMap::new,
                    Collectors.mapping(Executor::host, Collectors.joining(", "))));
    if (hosts.size() < 2) {
      return;
    }
    String text =
        "The cluster has different processors, whose results may differ in their last bits: %s."
            .formatted(
                hosts.entrySet().stream()
                    .map(entry -> "%s (%s)".formatted(entry.getValue(), entry.getKey()))
                    .collect(Collectors.joining("; ")));
    if (isSameRequired) {
      throw new PruningException(PruningException.Kind.MACHINE, text);
    }
    warn.accept(text);
  }

  /// Requires that executors have the heap for what is sent to them.
  ///
  /// @param networkBytes bytes of the networks of a job
  /// @param taskBytes bytes of the samples of its largest task
  /// @throws PruningException if one has not; names it and what is needed
  void requireHeap(long networkBytes, long taskBytes) {
    for (Executor executor : executors) {
      long needed =
          SPARK_BYTES
              + NETWORK_COPIES * networkBytes
              + (long) SAMPLE_COPIES * executor.cores() * taskBytes;
      if (needed > executor.heapBytes()) {
        throw new PruningException(
            PruningException.Kind.MACHINE,
            "Executor %s on %s has a heap of %d MiB, and the job needs about %d: networks of %d MiB, samples of %d MiB for each of %d tasks at a time.%nGive executors more (`spark.executor.memory`), or fewer cores."
                .formatted(
                    executor.id(),
                    executor.host(),
                    executor.heapBytes() >> 20,
                    (needed >> 20) + 1,
                    networkBytes >> 20,
                    taskBytes >> 20,
                    executor.cores()));
      }
    }
  }
}
