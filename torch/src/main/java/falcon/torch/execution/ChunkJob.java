package falcon.torch.execution;

import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleRange;
import falcon.torch.sample.SampleSource;
import java.util.List;
import java.util.stream.IntStream;

/// Chunks of samples and the networks that they go through: a list of tasks for a [ChunkWork].
///
/// @param name what is done, in a few words, for people who look at a cluster
/// @param networks the networks, loaded here, with the parameters that they have when the job is
///     done
/// @param samples source of the samples
/// @param chunks the samples of each chunk
/// @param fill number of samples that a chunk is filled up to, 0 to leave it as it is
/// @param together number of chunks that one task takes, one or more
/// @param first number of the first task
public record ChunkJob(
    String name,
    List<LoadedNetwork> networks,
    SampleSource samples,
    List<SampleRange> chunks,
    int fill,
    int together,
    int first) {
  /// Copies the lists.
  public ChunkJob {
    networks = List.copyOf(networks);
    chunks = List.copyOf(chunks);
  }

  /// Returns the job of one task for each chunk.
  public static ChunkJob of(
      String name, SampleSource samples, SampleChunks chunks, LoadedNetwork... networks) {
    return of(name, samples, 0, chunks, List.of(networks));
  }

  /// Returns the job of one task for each chunk of the samples from number `from` on.
  public static ChunkJob of(
      String name,
      SampleSource samples,
      int from,
      SampleChunks chunks,
      List<LoadedNetwork> networks) {
    return new ChunkJob(
        name,
        networks,
        samples,
        IntStream.range(0, chunks.count())
            .mapToObj(chunk -> new SampleRange(from + chunks.from(chunk), from + chunks.to(chunk)))
            .toList(),
        chunks.areFull() ? chunks.size() : 0,
        1,
        0);
  }

  /// Returns the same job with tasks of several chunks.
  public ChunkJob together(int count) {
    return new ChunkJob(name, networks, samples, chunks, fill, count, first);
  }

  /// Returns the number of tasks.
  public int tasks() {
    return Math.ceilDiv(chunks.size(), together);
  }

  /// Returns some of the tasks, with their numbers.
  ///
  /// @param from index of the first, inclusive
  /// @param to index of the last, exclusive
  public ChunkJob part(int from, int to) {
    List<SampleRange> some =
        chunks.subList(from * together, Math.min(chunks.size(), to * together));
    return new ChunkJob(name, networks, samples, some, fill, together, first + from);
  }

  /// Returns the samples of the chunks of a task.
  ///
  /// @param task its index, from 0
  public List<SampleRange> chunks(int task) {
    return chunks.subList(task * together, Math.min(chunks.size(), (task + 1) * together));
  }

  /// Returns a task, with its samples read.
  ///
  /// @param task its index, from 0
  ChunkWork.Task task(int task) {
    List<SampleBatch> batches =
        chunks(task).stream().map(range -> samples.batch(range.from(), range.to())).toList();
    return ChunkWork.Task.of(networks, first + task, batches, fill);
  }
}
