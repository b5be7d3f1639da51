package falcon.torch.execution;

import falcon.torch.sample.SampleBatch;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/// What is computed of chunks of samples: a function of networks and samples alone, so that it has
/// the same bits in any thread, process and machine. It holds numbers and names only, since it may
/// be sent to another process.
///
/// @param <R> type of the result of a task: an array, or a record of arrays and numbers, that can
///     be serialised
@FunctionalInterface
public interface ChunkWork<R> extends Serializable {
  /// A task: some chunks of samples, usually one, and the networks that they go through.
  ///
  /// @param networks in the order of the job, with the parameters that the job gives them
  /// @param number number of the task in its job, from 0
  /// @param batches one a chunk, filled up where the networks take a fixed number of samples
  /// @param lengths numbers of samples of the chunks, without those that only fill them up
  record Task(
      List<LoadedNetwork> networks, int number, List<SampleBatch> batches, List<Integer> lengths) {
    /// Returns a task with chunks filled up.
    ///
    /// @param chunks samples of the chunks
    /// @param fill number that they are filled up to, 0 to leave them as they are
    public static Task of(
        List<LoadedNetwork> networks, int number, List<SampleBatch> chunks, int fill) {
      return new Task(
          networks,
          number,
          chunks.stream().map(batch -> fill == 0 ? batch : batch.filledUp(fill)).toList(),
          chunks.stream().map(SampleBatch::size).toList());
    }

    /// Returns the first network.
    public LoadedNetwork network() {
      return networks.getFirst();
    }

    /// Returns the samples of a task of one chunk.
    public SampleBatch batch() {
      return batches.getFirst();
    }

    /// Returns the number of samples of a task of one chunk, without those that only fill it up.
    public int length() {
      return lengths.getFirst();
    }

    /// Returns a network's outputs without those for samples that only fill the chunk up.
    ///
    /// @param values `[b, …]`, row-major
    float[] withoutSurplus(float... values) {
      return Arrays.copyOf(values, values.length / batch().size() * length());
    }
  }

  /// Computes the result of a task.
  R of(Task task);
}
