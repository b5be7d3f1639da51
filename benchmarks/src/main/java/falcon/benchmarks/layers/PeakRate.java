package falcon.benchmarks.layers;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The greatest rate of multiply-accumulates of one thread: independent sums in registers, no
/// memory.
final class PeakRate {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final int SUMS = 10;
  private static final int STEPS = 100_000;
  private static final int REPETITIONS = 60;

  private PeakRate() {}

  /// Returns multiply-accumulates per second: the best of some repetitions.
  static double measure() {
    double best = 0;
    float sink = 0;
    for (int i = 0; i < REPETITIONS; i++) {
      long start = System.nanoTime();
      sink += sums();
      best = Math.max(best, 1e9 * SUMS * STEPS * FLOATS.length() / (System.nanoTime() - start));
    }
    if (Float.isNaN(sink)) {
      throw new IllegalStateException("sums are not finite");
    }
    return best;
  }

  private static float sums() {
    FloatVector w = FloatVector.broadcast(FLOATS, 1);
    FloatVector x = FloatVector.broadcast(FLOATS, 1e-9f);
    FloatVector a = w, b = w, c = w, d = w, e = w, f = w, g = w, h = w, i = w, j = w;
    for (int n = 0; n < STEPS; n++) {
      a = w.fma(x, a);
      b = w.fma(x, b);
      c = w.fma(x, c);
      d = w.fma(x, d);
      e = w.fma(x, e);
      f = w.fma(x, f);
      g = w.fma(x, g);
      h = w.fma(x, h);
      i = w.fma(x, i);
      j = w.fma(x, j);
    }
    FloatVector sum = a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j);
    return sum.reduceLanes(VectorOperators.ADD);
  }
}
