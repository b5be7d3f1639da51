package falcon.benchmarks;

import falcon.budget.CostTable;
import falcon.kernel.FloatFormat;
import falcon.quadratic.GradientMatrix;
import falcon.quadratic.Quadratic;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Both products with a gradient matrix against one plain read of as many bytes.
final class MatrixMeasurement implements Measurement {
  private static final int ROWS = 2000;
  private static final int WEIGHTS = 1 << 15;
  private static final int REPETITIONS = 200;
  private static final int READ_VALUES = 1 << 26;

  @Override
  public String name() {
    return "matrix";
  }

  @Override
  public List<Figure> measure(int threads) {
    var figures = new ArrayList<Figure>();
    try (var executor = Executors.newFixedThreadPool(threads)) {
      var values = new ReadBandwidth(new float[READ_VALUES]);
      Timing read = Timing.of(5, REPETITIONS, () -> values.read(executor));
      double readRate = (double) READ_VALUES * Float.BYTES / read.least() / 1e9;
      figures.add(
          Figure.single("matrix.read_gbs", "read bandwidth, all threads", readRate, "GB/s", ""));
      for (FloatFormat format : FloatFormat.values()) {
        products(format, readRate, executor, figures);
      }
    }
    return figures;
  }

  private static void products(
      FloatFormat format, double readRate, ExecutorService executor, List<Figure> figures) {
    var costs = CostTable.builder().layer("weights", WEIGHTS, 1).build();
    try (var x = GradientMatrix.allocate(ROWS, costs, new GradientMatrix.Storage(format, null));
        Arena arena = Arena.ofShared()) {
      MemorySegment rows = arena.allocate(10L * WEIGHTS * Float.BYTES, 64);
      var random = new SplittableRandom(1);
      for (long i = 0; i < 10L * WEIGHTS; i++) {
        rows.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
      }
      for (int row = 0; row < ROWS; row += 10) {
        x.write(0, row, rows);
      }
      var quadratic = Quadratic.of(x, new float[WEIGHTS], new double[ROWS], 1);
      var weights = new float[WEIGHTS];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) random.nextDouble(-1, 1);
      }
      // Q(w) is one pass X v, ∇Q(w) that and one pass Xᵀ r.
      Timing value = Timing.of(5, REPETITIONS, () -> quadratic.value(weights, executor));
      Timing gradient = Timing.of(5, REPETITIONS, () -> quadratic.gradient(weights, executor));
      double bytes = x.byteSize() / 1e9;
      double xv = bytes / value.least();
      double xtr = bytes / (gradient.least() - value.least());
      String name = format == FloatFormat.FLOAT32 ? "f32" : "bf16";
      String text = format.name().toLowerCase(Locale.ROOT);
      figures.add(Figure.single("matrix." + name + "_xv_gbs", "X v, " + text, xv, "GB/s", ""));
      figures.add(Figure.single("matrix." + name + "_xtr_gbs", "Xᵀ r, " + text, xtr, "GB/s", ""));
      figures.add(
          Figure.single(
              "matrix." + name + "_xv_over_read",
              "X v over read bandwidth, " + text,
              xv / readRate,
              "x",
              "≥ 0.8"));
      figures.add(
          Figure.single(
              "matrix." + name + "_xtr_over_read",
              "Xᵀ r over read bandwidth, " + text,
              xtr / readRate,
              "x",
              "≥ 0.8"));
    }
  }
}
