package falcon.benchmarks.solver;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.gradients.GradientMatrix;
import falcon.linear.BlockedGramProduct;
import falcon.linear.GramProduct;
import falcon.quadratic.Backsolve;
import falcon.quadratic.Quadratic;
import falcon.torch.gradient.BfloatGramProduct;
import falcon.torch.kernel.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// The time of the full backsolve at ResNet20's size as a multiple of its Gram matrix product
/// alone, with the product chosen for this processor and with that in Java, and the product's speed
/// in Java and by libtorch.
final class BacksolveMeasurement implements Measurement {
  private static final int WEIGHTS = 268_336;
  private static final int ROWS = 1000;
  private static final double KEPT = 0.3;
  private static final int REPETITIONS = 7;

  /// Number of columns of the panel that libtorch multiplies; wide panels suit it best.
  private static final int NATIVE_COLUMNS = 4096;

  /// Number of rows of the product that one of libtorch's threads computes at a time.
  private static final int NATIVE_ROWS = 250;

  @Override
  public String name() {
    return "backsolve";
  }

  @Override
  public List<Figure> measure(int threads) {
    List<Figure> figures = new ArrayList<>();
    var costs = CostTable.builder().layer("all", WEIGHTS, 1).build();
    try (var workers = new Workers(threads);
        var gradients = GradientMatrix.allocate(ROWS, costs)) {
      ExecutorService executor = workers.executor();
      var random = new SplittableRandom(1);
      write(gradients, random);
      var dense = new float[WEIGHTS];
      var isKept = new boolean[WEIGHTS];
      for (int i = 0; i < WEIGHTS; i++) {
        dense[i] = (float) random.nextGaussian();
        isKept[i] = random.nextDouble() < KEPT;
      }
      Mask mask = Mask.ofKept(isKept);
      var quadratic = Quadratic.of(gradients, dense, new double[ROWS], 1e-3);
      GramProduct used = BfloatGramProduct.orJava(workers);
      String name = used instanceof BlockedGramProduct ? "Java, float32" : "libtorch, bfloat16";
      var backsolve = new Backsolve(quadratic, used, executor);
      var javaBacksolve = new Backsolve(quadratic, new BlockedGramProduct(), executor);
      Timing full = Timing.of(2, REPETITIONS, () -> backsolve.full(mask));
      Timing javaFull = Timing.of(2, REPETITIONS, () -> javaBacksolve.full(mask));
      Timing gram = gram(new BlockedGramProduct(), mask.keptCount(), random, executor);
      Timing usedGram = gram(used, mask.keptCount(), random, executor);
      double operations = (double) ROWS * ROWS * mask.keptCount();
      figures.add(
          full.over(
              gram,
              "backsolve.over_gram",
              "full backsolve (%s) over Java's float32 Gram product alone, operand in panels already"
                  .formatted(name),
              "≤ 1.5"));
      figures.add(
          full.over(
              usedGram,
              "backsolve.over_own_gram",
              "the same over the Gram product that it uses (%s)".formatted(name),
              ""));
      figures.add(
          full.figure(
              "backsolve.ms", "the same: p = 268,336, n = 1,000, 30 % kept", 1e3, "ms", ""));
      figures.add(
          javaFull.figure(
              "backsolve.java_ms", "the same with the Gram product in Java", 1e3, "ms", ""));
      figures.add(
          usedGram.figure(
              "backsolve.gram_ms",
              "X_A X_Aᵀ alone, one triangle (%s)".formatted(name),
              1e3,
              "ms",
              ""));
      figures.add(
          gram.figure(
              "backsolve.java_gram_ms", "X_A X_Aᵀ alone, one triangle, by Java", 1e3, "ms", ""));
      figures.add(rate("gram.gflops_java", "one triangle, by Java's vectors", gram, operations));
      figures.addAll(nativeProducts(workers, gram.median() / mask.keptCount()));
    }
    return figures;
  }

  private static void write(GradientMatrix gradients, SplittableRandom random) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment row = arena.allocate((long) WEIGHTS * Float.BYTES, Float.BYTES);
      for (int i = 0; i < ROWS; i++) {
        fill(row, WEIGHTS, random);
        gradients.write(0, i, row);
      }
    }
  }

  private static void fill(MemorySegment values, long count, SplittableRandom random) {
    for (long i = 0; i < count; i++) {
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (random.nextDouble() - 0.5));
    }
  }

  /// Times the product of as many columns as are kept, from one panel that is reused.
  private static Timing gram(
      GramProduct product, int columns, SplittableRandom random, ExecutorService executor) {
    int width = product.panelColumns();
    var sum = new double[ROWS * ROWS];
    try (Arena arena = Arena.ofShared()) {
      MemorySegment panel = arena.allocate((long) ROWS * width * Float.BYTES, Float.BYTES);
      fill(panel, (long) ROWS * width, random);
      return Timing.of(
          2,
          REPETITIONS,
          () -> {
            for (int first = 0; first < columns; first += width) {
              product.addTo(sum, ROWS, panel, Math.min(width, columns - first), executor);
            }
          });
    }
  }

  /// @param operations number of multiplications and additions
  private static Figure rate(String key, String what, Timing timing, double operations) {
    return new Figure(
        key,
        what,
        operations / timing.median() / 1e9,
        operations / timing.greatest() / 1e9,
        operations / timing.least() / 1e9,
        "GFLOP/s",
        "");
  }

  /// @param secondsPerColumn Java's time
  private static List<Figure> nativeProducts(Workers workers, double secondsPerColumn) {
    List<Figure> figures = new ArrayList<>();
    double operations = 2.0 * ROWS * ROWS * NATIVE_COLUMNS;
    Timing single = nativeProduct(workers, torch.ScalarType.Float);
    Timing low = nativeProduct(workers, torch.ScalarType.BFloat16);
    figures.add(
        rate("gram.gflops_native_f32", "whole square, libtorch float32", single, operations));
    figures.add(
        rate("gram.gflops_native_bf16", "whole square, libtorch bfloat16", low, operations));
    double java = secondsPerColumn * NATIVE_COLUMNS;
    figures.add(
        Figure.single(
            "gram.native_f32_over_java",
            "time of libtorch's float32 product over that of Java's",
            single.median() / java,
            "x",
            ""));
    figures.add(
        Figure.single(
            "gram.native_bf16_over_java",
            "time of libtorch's bfloat16 product over that of Java's",
            low.median() / java,
            "x",
            ""));
    return figures;
  }

  private static Timing nativeProduct(Workers workers, torch.ScalarType type) {
    try (var _ = new PointerScope()) {
      Tensor panel =
          torch
              .randn(new long[] {ROWS, NATIVE_COLUMNS}, new TensorOptions(torch.ScalarType.Float))
              .to(type);
      return Timing.of(
          2,
          REPETITIONS,
          () ->
              workers.map(
                  ROWS / NATIVE_ROWS,
                  strip -> {
                    try (var _ = new PointerScope()) {
                      Tensor rows = panel.narrow(0, (long) strip * NATIVE_ROWS, NATIVE_ROWS);
                      return rows.mm(panel.t()).size(0);
                    }
                  }));
    }
  }
}
