package falcon.benchmarks;

import falcon.kernel.Chunks;
import falcon.kernel.Kernels;
import falcon.kernel.SelectionKernels;
import java.util.concurrent.ExecutorService;

/// Reads an array from its first to its last value, as fast as this process can.
///
/// With vectors that is the loop that compares 64 values and writes a word; in plain Java a sum in
/// eight partials. The array is cut into chunks for several threads.
final class ReadBandwidth {
  private static final int CHUNK = 1 << 18;

  private final float[] values;
  private final SelectionKernels kernels = Kernels.active().selection();
  private final boolean isVectorised = !Kernels.active().name().equals("scalar");
  private final long[] words;
  private final float[] sums;

  ReadBandwidth(float[] values) {
    this.values = values;
    words = new long[values.length / Long.SIZE + 1];
    sums = new float[values.length / CHUNK + 1];
  }

  /// Reads all of it on the calling thread.
  void read() {
    for (int chunk = 0; chunk < sums.length; chunk++) {
      readChunk(chunk);
    }
  }

  /// Reads all of it on the threads of an executor.
  void read(ExecutorService executor) {
    Chunks.run(executor, sums.length, this::readChunk);
  }

  private void readChunk(int chunk) {
    int from = chunk * CHUNK;
    int to = Math.min(values.length, from + CHUNK);
    if (isVectorised) {
      kernels.mark(values, from, to, Integer.MAX_VALUE, words);
    } else {
      sums[chunk] = sum(values, from, to);
    }
  }

  private static float sum(float[] x, int from, int to) {
    float a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    int i = from;
    for (; i <= to - 8; i += 8) {
      a += x[i];
      b += x[i + 1];
      c += x[i + 2];
      d += x[i + 3];
      e += x[i + 4];
      f += x[i + 5];
      g += x[i + 6];
      h += x[i + 7];
    }
    for (; i < to; i++) {
      a += x[i];
    }
    return (a + b) + (c + d) + (e + f) + (g + h);
  }
}
