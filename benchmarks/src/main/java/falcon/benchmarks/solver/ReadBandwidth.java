package falcon.benchmarks.solver;

import falcon.kernel.Chunks;
import java.util.concurrent.ExecutorService;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Reads an array from its first to its last value, as fast as this process can: a sum by vectors
/// of the processor's width. The array is divided into chunks for several threads.
final class ReadBandwidth {
  private static final int CHUNK = 1 << 18;
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  /// Number of independent vector sums, so that no addition waits for the previous one.
  private static final int PARTIALS = 4;

  private final float[] values;
  private final float[] sums;

  ReadBandwidth(float[] values) {
    this.values = values;
    sums = new float[Math.ceilDiv(values.length, CHUNK)];
  }

  /// Reads the whole array on the calling thread.
  void read() {
    for (int chunk = 0; chunk < sums.length; chunk++) {
      readChunk(chunk, false);
    }
  }

  /// Reads the whole array on the threads of an executor.
  void read(ExecutorService executor) {
    Chunks.run(executor, sums.length, chunk -> readChunk(chunk, false));
  }

  /// Reads the whole array with each chunk as four streams in turn, which keeps more memory reads
  /// in flight.
  void readInRuns(ExecutorService executor) {
    Chunks.run(executor, sums.length, chunk -> readChunk(chunk, true));
  }

  private void readChunk(int chunk, boolean inRuns) {
    int from = chunk * CHUNK;
    int to = Math.min(values.length, from + CHUNK);
    if (to - from < CHUNK) {
      float sum = 0;
      for (int i = from; i < to; i++) {
        sum += values[i];
      }
      sums[chunk] = sum;
    } else {
      sums[chunk] = inRuns ? inRuns(values, from, CHUNK / PARTIALS) : inOrder(values, from, to);
    }
  }

  private static float inOrder(float[] x, int from, int to) {
    FloatVector a = FloatVector.zero(SPECIES);
    FloatVector b = a, c = a, d = a;
    for (int i = from; i < to; i += PARTIALS * LANES) {
      a = a.add(FloatVector.fromArray(SPECIES, x, i));
      b = b.add(FloatVector.fromArray(SPECIES, x, i + LANES));
      c = c.add(FloatVector.fromArray(SPECIES, x, i + 2 * LANES));
      d = d.add(FloatVector.fromArray(SPECIES, x, i + 3 * LANES));
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
  }

  private static float inRuns(float[] x, int from, int run) {
    FloatVector a = FloatVector.zero(SPECIES);
    FloatVector b = a, c = a, d = a;
    for (int i = from; i < from + run; i += LANES) {
      a = a.add(FloatVector.fromArray(SPECIES, x, i));
      b = b.add(FloatVector.fromArray(SPECIES, x, i + run));
      c = c.add(FloatVector.fromArray(SPECIES, x, i + 2 * run));
      d = d.add(FloatVector.fromArray(SPECIES, x, i + 3 * run));
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
  }
}
