package falcon.runtime.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.runtime.loop.KernelSource;
import falcon.runtime.loop.ScalarKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Random sparse layers against their definition, by every twin and width.
class LayerFuzzTest {
  private static final int CASES = 150;
  private static final double TOLERANCE = 1e-5;

  static IntStream seeds() {
    return IntStream.range(0, 12);
  }

  /// Returns a planner for each twin and width of this processor, and one that may choose.
  static List<LayerPlanner> planners() {
    List<LayerPlanner> planners = new ArrayList<>();
    KernelSource active = KernelSource.active();
    Stream.of(new ScalarKernels(), active)
        .forEach(source -> source.widths().forEach(b -> planners.add(new LayerPlanner(source, b))));
    planners.add(new LayerPlanner(active));
    return planners;
  }

  @ParameterizedTest(name = "seed={0}")
  @MethodSource("seeds")
  void everyKernelGivesTheSumsOfItsDefinition(int seed) {
    var random = new SplittableRandom(seed);
    List<LayerPlanner> planners = planners();
    for (int i = 0; i < CASES; i++) {
      LayerCase layer = RandomLayers.next(random);
      Layouts layouts = RandomLayers.layouts(layer, random);
      double[] expected = layer.expected();
      for (LayerChoice choice : LayerChoice.values()) {
        float[] first = layer.computed(layouts, choice, planners.getFirst(), seed);
        assertClose(first, expected, "seed %d, case %d, %s, %s".formatted(seed, i, choice, layer));
        LayerPlanner planner = planners.get(random.nextInt(planners.size()));
        float[] other = layer.computed(layouts, choice, planner, seed + 1L);
        assertThat(other).as("seed %d, case %d, %s, %s", seed, i, choice, layer).isEqualTo(first);
      }
    }
  }

  static void assertClose(float[] computed, double[] expected, String what) {
    for (int i = 0; i < expected.length; i++) {
      double scale = Math.max(1, Math.abs(expected[i]));
      if (!(Math.abs(computed[i] - expected[i]) <= TOLERANCE * scale)) {
        assertThat((double) computed[i]).as("output %d of %s", i, what).isEqualTo(expected[i]);
      }
    }
  }
}
