package falcon.spark;

/// What a phase of a run has sent and how long it took.
///
/// @param jobs number of Spark jobs
/// @param tasks number of tasks, repeated ones counted once
/// @param broadcastBytes bytes of networks and samples that the driver has offered; an executor
///     fetches what its tasks read, once
/// @param taskBytes bytes that came with tasks
/// @param resultBytes bytes that executors sent back
/// @param seconds time that the driver waited
public record Traffic(
    int jobs, int tasks, long broadcastBytes, long taskBytes, long resultBytes, double seconds) {
  static final Traffic NONE = new Traffic(0, 0, 0, 0, 0, 0);

  Traffic plus(Traffic other) {
    return new Traffic(
        jobs + other.jobs,
        tasks + other.tasks,
        broadcastBytes + other.broadcastBytes,
        taskBytes + other.taskBytes,
        resultBytes + other.resultBytes,
        seconds + other.seconds);
  }
}
