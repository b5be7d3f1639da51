package falcon.benchmarks.solver;

import falcon.budget.CostTable;
import falcon.gradients.GradientMatrix;
import falcon.kernel.FloatFormat;
import falcon.quadratic.Quadratic;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The time of both products with a gradient matrix against one plain read of as many bytes.
final class MatrixMeasurement implements Measurement {
  private static final int ROWS = 2000;
  private static final int WEIGHTS = 1 << 15;
  private static final int WARM_UPS = 5;
  private static final int REPETITIONS = 200;
  private static final int READ_VALUES = 1 << 26;

  @Override
  public String name() {
    return "matrix";
  }

  @Override
  public List<Figure> measure(int threads) {
    var figures = new ArrayList<Figure>();
    try (var executor = Executors.newFixedThreadPool(threads);
        var float32 = new Products(FloatFormat.FLOAT32, executor);
        var bfloat16 = new Products(FloatFormat.BFLOAT16, executor)) {
      var values = new ReadBandwidth(new float[READ_VALUES]);
      var read = new Median(() -> values.read(executor));
      var readInRuns = new Median(() -> values.readInRuns(executor));
      for (int i = 0;
          i < WARM_UPS + REPETITIONS;
          i++) { // In turns, so that a disturbance affects all.
        boolean counts = i >= WARM_UPS;
        read.run(counts);
        readInRuns.run(counts);
        float32.run(counts);
        bfloat16.run(counts);
      }
      double seconds = Math.min(read.seconds(), readInRuns.seconds());
      double readRate = (double) READ_VALUES * Float.BYTES / seconds / 1e9;
      figures.add(
          Figure.single("matrix.read_gbs", "read bandwidth, all threads", readRate, "GB/s", ""));
      float32.addTo(figures, "f32", "float32", readRate);
      bfloat16.addTo(figures, "bf16", "bfloat16", readRate);
    }
    return figures;
  }

  /// The median of several runs.
  private static final class Median {
    private final Runnable work;
    private final double[] seconds = new double[REPETITIONS];
    private int count;

    Median(Runnable work) {
      this.work = work;
    }

    void run(boolean counts) {
      long start = System.nanoTime();
      work.run();
      if (counts) {
        seconds[count++] = (System.nanoTime() - start) / 1e9;
      }
    }

    double seconds() {
      double[] sorted = seconds.clone();
      Arrays.sort(sorted);
      return sorted[REPETITIONS / 2];
    }
  }

  /// The products of Q(w), which is one pass X v, and of ∇Q(w), which is that and one pass Xᵀ r.
  private static final class Products implements AutoCloseable {
    private final GradientMatrix x;
    private final Median value;
    private final Median gradient;

    Products(FloatFormat format, ExecutorService executor) {
      var costs = CostTable.builder().layer("weights", WEIGHTS, 1).build();
      x = GradientMatrix.allocate(ROWS, costs, new GradientMatrix.Storage(format, null));
      var random = new SplittableRandom(1);
      fill(x, random);
      var quadratic = Quadratic.of(x, new float[WEIGHTS], new double[ROWS], 1);
      var weights = new float[WEIGHTS];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) random.nextDouble(-1, 1);
      }
      value = new Median(() -> quadratic.value(weights, executor));
      gradient = new Median(() -> quadratic.gradient(weights, executor));
    }

    private static void fill(GradientMatrix x, SplittableRandom random) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment rows = arena.allocate(10L * WEIGHTS * Float.BYTES, 64);
        for (long i = 0; i < 10L * WEIGHTS; i++) {
          rows.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
        }
        for (int row = 0; row < ROWS; row += 10) {
          x.write(0, row, rows);
        }
      }
    }

    void run(boolean counts) {
      value.run(counts);
      gradient.run(counts);
    }

    void addTo(List<Figure> figures, String key, String text, double readRate) {
      double bytes = x.byteSize() / 1e9;
      double forward = bytes / value.seconds();
      double backward = bytes / (gradient.seconds() - value.seconds());
      add(figures, "matrix." + key + "_xv", "X v", text, forward, readRate);
      add(figures, "matrix." + key + "_xtr", "Xᵀ r", text, backward, readRate);
    }

    private static void add(
        List<Figure> figures, String key, String product, String text, double rate, double read) {
      String what = "%s, %s".formatted(product, text);
      String ratio = "%s over read bandwidth, %s".formatted(product, text);
      figures.add(Figure.single(key + "_gbs", what, rate, "GB/s", ""));
      figures.add(Figure.single(key + "_over_read", ratio, rate / read, "x", "≥ 0.8"));
    }

    @Override
    public void close() {
      x.close();
    }
  }
}
