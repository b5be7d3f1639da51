package falcon.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ResourceTableTest {
  private static final CostPattern TAPS =
      CostPattern.repeating(new int[] {0, 1, 0}, new long[] {1, 5}, new long[] {1, 8});

  private static final ResourceTable TABLE =
      ResourceTable.builder("nnz", "nanoseconds").layer("a", 4, 1, 10).layer("b", 7, TAPS).build();

  @Test
  void costsFollowThePattern() {
    assertThat(TABLE.weightCount()).isEqualTo(11);
    assertThat(TAPS.countByKind(7)).containsExactly(5, 2);
    assertThat(TAPS.countByKind(1)).containsExactly(1, 0);
    assertThat(TABLE.total(0)).isEqualTo(11);
    assertThat(TABLE.total(1)).isEqualTo(40 + 5 * 5 + 2 * 8);
    Mask mask = Mask.ofWords(11, new long[] {0b10_1100_0001});
    assertThat(TABLE.used(mask, 0)).isEqualTo(4);
    // Weight 0, and weights 6, 7 and 9, which have the indexes 2, 3 and 5 in layer b: all are of
    // kind 0.
    assertThat(TABLE.used(mask, 1)).isEqualTo(10 + 5 + 5 + 5);
    assertThat(TABLE.used(Mask.ofWords(11, new long[] {0b10_0000}), 1)).isEqualTo(8);
  }

  @Test
  void budgetsAreInclusive() {
    Mask all = Mask.all(11);
    assertThat(ResourceBudget.of(11, 81).allows(all, TABLE)).isTrue();
    assertThat(ResourceBudget.of(11, 80).allows(all, TABLE)).isFalse();
    assertThat(ResourceBudget.of(10, ResourceBudget.UNLIMITED).allows(all, TABLE)).isFalse();
    assertThat(ResourceBudget.of(1, 2))
        .isEqualTo(ResourceBudget.of(1, 2))
        .hasToString("ResourceBudget[1, 2]");
  }

  @Test
  void costTableIsTheCaseOfNnzAndMacs() {
    CostTable costs = CostTable.builder().layer("a", 3, 7).layer("b", 2, 0).build();
    ResourceTable table = ResourceTable.of(costs);
    assertThat(table.resources()).containsExactly("nnz", "macs");
    assertThat(table.total(0)).isEqualTo(5);
    assertThat(table.total(1)).isEqualTo(21);
    assertThat(table).isEqualTo(ResourceTable.of(costs)).hasSameHashCodeAs(ResourceTable.of(costs));
  }

  @Test
  void badInputIsRefused() {
    assertThatThrownBy(() -> CostPattern.same(1, -2))
        .hasMessage("a weight of kind 0 costs -2 of resource 1; a cost is zero or more");
    assertThatThrownBy(
            () -> CostPattern.repeating(new int[] {0, 2}, new long[] {1}, new long[] {1}))
        .hasMessage("kinds[1] is 2, but costs are given for the kinds 0 to 1");
    assertThatThrownBy(() -> CostPattern.repeating(new int[0], new long[] {1}))
        .hasMessage("a pattern of no weights; it has one or more");
    assertThatThrownBy(
            () -> CostPattern.repeating(new int[] {0, 1}, new long[] {1}, new long[] {1, 2}))
        .hasMessage("kind 1 has costs in 2 resources, kind 0 in 1");
    assertThatThrownBy(() -> ResourceTable.builder("a", "b").layer("x", 3, 1))
        .hasMessage("layer 'x' has costs in 1 resources, the table in 2 (a, b)");
    assertThatThrownBy(() -> ResourceTable.builder("a").layer("x", 0, 1))
        .hasMessage("layer 'x': offset 0 and count 0 must be at least 0 and 1");
    assertThatThrownBy(() -> ResourceTable.builder("a", "a").build())
        .hasMessage("two resources are named 'a'");
    assertThatThrownBy(() -> ResourceBudget.of(1, -1))
        .hasMessage("the budget of resource 1 is -1; a limit is zero or more");
    assertThatThrownBy(() -> ResourceBudget.of(1).allows(Mask.all(11), TABLE))
        .hasMessage("a budget of 1 resources for costs in 2");
    assertThatThrownBy(() -> TABLE.used(Mask.all(3), 0))
        .hasMessage("mask of 3 weights, costs of 11");
    assertThatThrownBy(() -> ResourceTable.builder("a").layer("x", 3, Long.MAX_VALUE / 2).build())
        .isInstanceOf(ArithmeticException.class);
  }
}
