package falcon.prune.method;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.prune.report.RetrainingReport;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateSearchTest {
  /// A loss with one least value, of which the search finds the rate.
  @ParameterizedTest
  @CsvSource({
    "0.0003, 0.03 0.1 0.01 0.003 0.001 0.0003",
    "0.01, 0.03 0.1 0.01 0.003",
    "0.03, 0.03 0.1 0.01",
    "0.1, 0.03 0.1 0.3",
    "1, 0.03 0.1 0.3 1.0"
  })
  void goesUpwardsAsLongAsItHelpsElseDownwards(double best, String tried) {
    List<Double> rates = search(rate -> Math.abs(Math.log(rate / best)));
    assertThat(rates)
        .containsExactlyElementsOf(
            List.of(tried.split(" ")).stream().map(Double::valueOf).toList());
  }

  @Test
  void ratesThatDivergeAreNoProgress() {
    assertThat(search(rate -> rate > 0.002 ? Double.POSITIVE_INFINITY : 1))
        .containsExactly(0.03, 0.01, 0.003, 0.001, 0.0003);
  }

  @Test
  void rateThatIsAskedForIsTheOnlyOne() {
    var search = new RateSearch(false, 0.7);
    assertThat(search.first()).isEqualTo(0.7);
    assertThat(search.next(List.of(trial(0.7, 1.0)), "dense")).isNull();
  }

  @Test
  void trialsTakeAShareOfTheSteps() {
    assertThat(RateSearch.steps(5)).isEqualTo(5);
    assertThat(RateSearch.steps(100)).isEqualTo(20);
    assertThat(RateSearch.steps(2_400)).isEqualTo(100);
    assertThat(RateSearch.steps(Long.MAX_VALUE)).isEqualTo(200);
    assertThat(RateSearch.startSteps(5)).isEqualTo(5);
    assertThat(RateSearch.startSteps(100)).isEqualTo(20);
    assertThat(RateSearch.startSteps(800)).isEqualTo(100);
    assertThat(RateSearch.startSteps(Long.MAX_VALUE)).isEqualTo(200);
  }

  private static List<Double> search(DoubleUnaryOperator loss) {
    var search = new RateSearch(true, null);
    var trials = new ArrayList<RetrainingReport.Trial>();
    for (Double rate = search.first(); rate != null; rate = search.next(trials, "dense")) {
      double found = loss.applyAsDouble(rate);
      trials.add(trial(rate, Double.isFinite(found) ? found : null));
      trials.add(new RetrainingReport.Trial("re-fitted", 0.3, 20, 0.0)); // counts for another start
      assertThat(trials).hasSizeLessThan(40);
    }
    return trials.stream()
        .filter(trial -> trial.start().equals("dense"))
        .map(RetrainingReport.Trial::learningRate)
        .toList();
  }

  private static RetrainingReport.Trial trial(double rate, @Nullable Double loss) {
    return new RetrainingReport.Trial("dense", rate, 20, loss);
  }
}
