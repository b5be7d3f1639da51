package falcon.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BudgetTest {
  private static final CostTable COSTS =
      CostTable.builder().layer("conv", 10, 16).layer("linear", 4, 1).build();

  @Test
  void layersFollowOneAnother() {
    assertThat(COSTS.layers())
        .containsExactly(
            new CostTable.Layer("conv", 0, 10, 16), new CostTable.Layer("linear", 10, 4, 1));
    assertThat(COSTS.layer("linear")).isEqualTo(COSTS.layers().get(1));
    assertThat(COSTS.layer("norm")).isNull();
    assertThat(COSTS.weightCount()).isEqualTo(14);
    assertThat(COSTS.totalMacs()).isEqualTo(164);
    assertThat(CostTable.of(COSTS.layers())).isEqualTo(COSTS).hasSameHashCodeAs(COSTS);
  }

  @Test
  void gapsAndTwinsAreRefusedByName() {
    assertThatThrownBy(() -> CostTable.of(List.of(new CostTable.Layer("conv", 3, 10, 16))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "layer 'conv' starts at weight 3, but the layers before it end at 0;"
                + " layers follow one another without gaps");
    assertThatThrownBy(() -> CostTable.builder().layer("a", 1, 1).layer("a", 1, 1).build())
        .hasMessage("two layers are named 'a'");
    assertThatThrownBy(() -> CostTable.builder().layer("a", 0, 1))
        .hasMessage(
            "layer 'a': offset 0, count 0 and MACs per weight 1 must be at least 0, 1 and 0");
    assertThatThrownBy(
            () -> CostTable.builder().layer("a", 2_000_000_000, 1).layer("b", 2_000_000_000, 1))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void limitsAreInclusive() {
    Budget budget = new Budget(3, 33);
    assertThat(budget.allows(3, 33)).isTrue();
    assertThat(budget.allows(4, 33)).isFalse();
    assertThat(budget.allows(3, 34)).isFalse();
    assertThat(Budget.UNLIMITED.allows(Mask.all(14), COSTS)).isTrue();
    assertThat(Budget.ofMacs(163).allows(Mask.all(14), COSTS)).isFalse();
    assertThat(Budget.ofNnz(14).allows(Mask.all(14), COSTS)).isTrue();
    assertThatThrownBy(() -> new Budget(-1, 5))
        .hasMessage("a budget cannot be negative: -1 weights, 5 MACs; a limit is zero or more");
  }

  @ParameterizedTest(name = "weights={0}")
  @ValueSource(ints = {0, 1, 63, 64, 65, 127, 128, 200})
  void maskCountsWhatItKeeps(int weightCount) {
    SplittableRandom random = new SplittableRandom(weightCount);
    boolean[] kept = new boolean[weightCount];
    for (int i = 0; i < weightCount; i++) {
      kept[i] = random.nextInt(3) == 0;
    }
    Mask mask = Mask.ofKept(kept);
    long[] words = new long[Mask.wordCount(weightCount)];
    int next = mask.nextKept(0);
    for (int i = 0; i < weightCount; i++) {
      assertThat(mask.isKept(i)).isEqualTo(kept[i]);
      if (kept[i]) {
        assertThat(next).isEqualTo(i);
        next = mask.nextKept(i + 1);
        words[i >> 6] |= 1L << i;
      }
    }
    assertThat(next).isEqualTo(weightCount);
    for (int from = 0; from <= weightCount; from += 13) {
      int count = 0;
      for (int to = from; to <= weightCount; to++) {
        assertThat(mask.keptCount(from, to)).isEqualTo(count);
        count += to < weightCount && kept[to] ? 1 : 0;
      }
    }
    assertThat(Mask.ofWords(weightCount, words)).isEqualTo(mask).hasSameHashCodeAs(mask);
    assertThat(Mask.all(weightCount).keptCount()).isEqualTo(weightCount);
    assertThat(Mask.none(weightCount).keptCount()).isZero();
  }

  @Test
  void maskCostsWhatItsLayersCost() {
    boolean[] kept = new boolean[14];
    kept[0] = kept[9] = kept[10] = true;
    Mask mask = Mask.ofKept(kept);
    assertThat(mask.keptCount(COSTS.layers().getFirst())).isEqualTo(2);
    assertThat(mask.macs(COSTS)).isEqualTo(33);
    assertThatThrownBy(() -> Mask.none(3).macs(COSTS)).hasMessage("mask of 3 weights, costs of 14");
  }

  @Test
  void maskOwnsItsBits() {
    long[] words = {5};
    Mask mask = Mask.ofWords(3, words);
    words[0] = 0;
    assertThat(mask.keptCount()).isEqualTo(2);
    assertThatThrownBy(() -> Mask.ofWords(3, new long[] {8}))
        .hasMessage("the last word has bits set past weight 2");
    assertThatThrownBy(() -> Mask.ofWords(65, new long[] {8}))
        .hasMessage("a mask of 65 weights takes 2 words, found 1");
  }
}
