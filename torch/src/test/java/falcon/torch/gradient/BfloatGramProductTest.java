package falcon.torch.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.gradients.GradientMatrix;
import falcon.linear.BlockedGramProduct;
import falcon.quadratic.Backsolve;
import falcon.quadratic.Quadratic;
import falcon.torch.kernel.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("native")
class BfloatGramProductTest {
  /// Tolerance as a share of the product of two rows' norms: operands and results have 8
  /// significant bits.
  private static final double ROUNDING = 1e-2;

  private static void fill(MemorySegment values, long count, long seed) {
    var random = new SplittableRandom(seed);
    for (long i = 0; i < count; i++) {
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
    }
  }

  @ParameterizedTest(name = "rows={0}, columns={1}")
  @CsvSource({"1,1", "7,33", "128,64", "129,2048", "300,1001"})
  void upperTriangleIsThatOfTheProduct(int n, int columns) {
    try (var workers = new Workers(2);
        Arena arena = Arena.ofShared()) {
      MemorySegment panel = arena.allocate((long) n * columns * Float.BYTES, Float.BYTES);
      fill(panel, (long) n * columns, 5);
      var product = new BfloatGramProduct(workers);
      assertThat(columns).isLessThanOrEqualTo(product.panelColumns());
      double[] low = new double[n * n];
      low[n - 1] = 17;
      product.addTo(low, n, panel, columns, workers.executor());
      double[] expected = new double[n * n];
      new BlockedGramProduct().addTo(expected, n, panel, columns, workers.executor());
      expected[n - 1] += 17;
      for (int i = 0; i < n; i++) {
        for (int j = i; j < n; j++) {
          double norms = Math.sqrt(expected[i * n + i] * expected[j * n + j]);
          assertThat(low[i * n + j])
              .as("entry %d, %d", i, j)
              .isCloseTo(expected[i * n + j], within(ROUNDING * norms));
        }
      }
    }
  }

  @Test
  void fullBacksolveIsThatOfJavaAndItsBitsDoNotDependOnTheNumberOfThreads() {
    int n = 203;
    int weights = 5003;
    var costs = CostTable.builder().layer("all", weights, 1).build();
    try (var one = new Workers(1);
        var four = new Workers(4);
        var gradients = GradientMatrix.allocate(n, costs);
        Arena arena = Arena.ofConfined()) {
      MemorySegment rows = arena.allocate((long) n * weights * Float.BYTES, Float.BYTES);
      fill(rows, (long) n * weights, 6);
      gradients.write(0, 0, rows);
      var random = new SplittableRandom(7);
      var dense = new float[weights];
      var isKept = new boolean[weights];
      for (int i = 0; i < weights; i++) {
        dense[i] = (float) random.nextGaussian();
        isKept[i] = random.nextDouble() < 0.6;
      }
      Mask kept = Mask.ofKept(isKept);
      var quadratic = Quadratic.of(gradients, dense, new double[n], 1e-2);
      float[] first =
          new Backsolve(quadratic, new BfloatGramProduct(one), one.executor()).full(kept);
      float[] second =
          new Backsolve(quadratic, new BfloatGramProduct(four), four.executor()).full(kept);
      assertThat(second).containsExactly(first);
      float[] java = new Backsolve(quadratic, new BlockedGramProduct(), one.executor()).full(kept);
      for (int i = 0; i < weights; i++) {
        assertThat(first[i]).as("weight %d", i).isCloseTo(java[i], within(2e-6f));
      }
    }
  }

  @Test
  void supportIsReadFromTheListOfProcessors(@TempDir Path folder) throws IOException {
    Path list = folder.resolve("cpuinfo");
    assertThat(BfloatGramProduct.isSupported(list)).isFalse();
    Files.writeString(list, "processor : 0\nflags\t\t: fpu avx512f avx512_vnni\n");
    assertThat(BfloatGramProduct.isSupported(list)).isFalse();
    Files.writeString(list, "processor : 0\nflags\t\t: fpu avx512_bf16 avx512_vnni\n");
    assertThat(BfloatGramProduct.isSupported(list)).isTrue();
  }
}
