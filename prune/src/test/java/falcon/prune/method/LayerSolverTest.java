package falcon.prune.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.torch.curvature.LayerProblem;
import falcon.torch.curvature.LayerShape;
import falcon.torch.curvature.Ridge;
import falcon.torch.kernel.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LayerSolverTest {
  /// So small that the weights are those of the least squares alone.
  private static final double RIDGE = 1e-12;

  /// So many that the ridge is the least one.
  private static final int ROWS = 100;

  private final Workers workers = new Workers(1);

  @AfterEach
  void close() {
    workers.close();
  }

  @Test
  void keptWeightsTakeOverTheWorkOfPrunedOnes() {
    // Inputs with H = [2 1; 1 2], wanted outputs of the weights 1 and 1.
    var problem =
        new LayerProblem(
            new LayerShape("w", ROWS, 2, 1),
            new double[] {2, 1, 1, 2},
            new double[] {3, 3},
            new float[] {1, 1},
            i -> i);
    CostTable costs = CostTable.builder().layer("w", 2, 1).build();
    assertThat(solver(costs, true, true).solve(problem))
        .containsExactly(new float[] {1, 1}, within(1e-6f));
  }

  @Test
  void prunedWeightsAreZeroAndTheOthersAreTheBestWithoutThem() {
    var problem =
        new LayerProblem(
            new LayerShape("w", ROWS, 2, 1),
            new double[] {2, 1, 1, 2},
            new double[] {3, 3},
            new float[] {1, 1},
            i -> i);
    CostTable costs = CostTable.builder().layer("w", 2, 1).build();
    assertThat(solver(costs, true, false).solve(problem))
        .containsExactly(new float[] {1.5f, 0}, within(1e-6f));
  }

  @Test
  void fewRowsLeaveTheWeightsNearThePresentOnes() {
    // The wanted weight is 3, the present one 1: w = (B + κ) / (H + κ) with H = 1, B = 3.
    CostTable costs = CostTable.builder().layer("w", 1, 1).build();
    var solver =
        new LayerSolver(costs, Mask.ofKept(new boolean[] {true}), Ridge.growing(0.01), workers);
    assertThat(solver.solve(oneWeight(8))[0]).isCloseTo(3.01f / 1.01f, within(1e-5f));
    assertThat(solver.solve(oneWeight(2))[0]).isCloseTo(3.08f / 1.08f, within(1e-5f));
  }

  private static LayerProblem oneWeight(int rows) {
    return new LayerProblem(
        new LayerShape("w", rows, 1, 1),
        new double[] {1},
        new double[] {3},
        new float[] {1},
        i -> i);
  }

  @Test
  void theMaskIsReadWhereTheLayerAndItsTensorHaveTheWeight() {
    // The tensor is [k, o], the problem's weights are [o, k]; another layer comes first.
    var problem =
        new LayerProblem(
            new LayerShape("w", ROWS, 2, 2),
            new double[] {1, 0, 0, 1},
            new double[] {5, 6, 7, 8}, // [k, o]
            new float[4],
            i -> i % 2 * 2 + i / 2);
    CostTable costs = CostTable.builder().layer("before", 1, 1).layer("w", 4, 1).build();
    boolean[] kept = {false, true, true, false, true}; // w[0][0], w[0][1], w[1][1]
    assertThat(solver(costs, kept).solve(problem))
        .containsExactly(new float[] {5, 0, 6, 8}, within(1e-6f));
  }

  @Test
  void aLayerThatIsNotPrunedKeepsAllItsWeights() {
    var problem =
        new LayerProblem(
            new LayerShape("other", ROWS, 2, 1),
            new double[] {1, 0, 0, 1},
            new double[] {3, 4},
            new float[] {0, 0},
            i -> i);
    CostTable costs = CostTable.builder().layer("w", 2, 1).build();
    LayerSolver solver = solver(costs, false, false);
    assertThat(solver.solve(problem)).containsExactly(new float[] {3, 4}, within(1e-6f));
    assertThat(solver.notes()).isEmpty();
  }

  private LayerSolver solver(CostTable costs, boolean... kept) {
    return new LayerSolver(costs, Mask.ofKept(kept), Ridge.growing(RIDGE), workers);
  }
}
