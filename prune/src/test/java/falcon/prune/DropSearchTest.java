package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.prune.options.Amount;
import falcon.prune.report.DropEstimate;
import falcon.prune.report.DropLimit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DropSearchTest {
  private final List<Double> asked = new ArrayList<>();

  /// @param least the least share that is within the drop
  private DropLimit search(double least, List<DropLimit.Trial> known) {
    return new DropSearch(1)
        .search(
            known,
            share -> {
              asked.add(share.value());
              return drop(share.value() >= least ? 0.9 : 1.1);
            });
  }

  private static DropEstimate drop(double high) {
    return new DropEstimate(high / 2, 0, high, 2000);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.011, 0.02, 0.1, 0.2345, 0.5, 0.9})
  void theBudgetIsWithinATenthOfTheLeast(double least) {
    DropLimit limit = search(least, List.of());
    double found = Objects.requireNonNull(limit.smallest()).share().value();
    assertThat(found).isBetween(least, least * 1.11);
    assertThat(asked).doesNotHaveDuplicates().hasSizeLessThanOrEqualTo(7);
    if (limit.next() != null) {
      assertThat(limit.next().share().value()).isLessThan(least);
    }
  }

  @Test
  void nothingIsFoundWhereEveryBudgetDropsTooMuch() {
    DropLimit limit = search(2, List.of());
    assertThat(limit.smallest()).isNull();
    assertThat(Objects.requireNonNull(limit.next()).share().value()).isBetween(0.9, 1.0);
  }

  @Test
  void aBudgetThatCannotBeMetIsNotWithin() {
    DropLimit limit =
        new DropSearch(1).search(List.of(), share -> share.value() < 0.3 ? null : drop(0.5));
    assertThat(Objects.requireNonNull(limit.smallest()).share().value()).isBetween(0.3, 0.34);
    assertThat(Objects.requireNonNull(limit.next()).drop()).isNull();
  }

  @Test
  void knownTrialsNarrowTheSearch() {
    List<DropLimit.Trial> known =
        List.of(
            DropLimit.Trial.of(new Amount.Share(0.3), drop(0.5), 1),
            DropLimit.Trial.of(new Amount.Share(0.2), drop(3), 1));
    DropLimit limit = search(0.24, known);
    assertThat(asked).allSatisfy(share -> assertThat(share).isBetween(0.2, 0.3));
    assertThat(Objects.requireNonNull(limit.smallest()).share().value()).isBetween(0.24, 0.27);
    assertThat(limit.trials()).startsWith(known.toArray(DropLimit.Trial[]::new));
  }

  @Test
  void sharesBetweenTwoAreAtEqualRatios() {
    assertThat(Sweep.between(0.6, 0.05, 3))
        .containsExactly(new Amount.Share(0.6), new Amount.Share(0.1732), new Amount.Share(0.05));
    assertThat(Sweep.between(0.0502, 0.05, 9)).as("rounded, once each").hasSize(3);
    assertThatThrownBy(() -> Sweep.between(0.1, 0.2, 3))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
