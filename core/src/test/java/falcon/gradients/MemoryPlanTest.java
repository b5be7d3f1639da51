package falcon.gradients;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.kernel.FloatFormat;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryPlanTest {
  private static final long GIB = 1L << 30;
  private static final int RESNET50 = 25_502_912;

  private static MemoryPlan.Request resnet50(int rows, long limitBytes, long diskBytes) {
    return new MemoryPlan.Request(rows, RESNET50, 6_100_000, limitBytes, diskBytes, GIB / 2);
  }

  @ParameterizedTest
  @CsvSource({
    "500, 128, 0, FLOAT32, false",
    "500, 48, 0, BFLOAT16, false",
    "500, 16, 40, BFLOAT16, true",
    "50, 16, 40, FLOAT32, false"
  })
  void theMostExactAndFastestThatFitsIsTaken(
      int rows, long gib, long diskGib, FloatFormat format, boolean isOnDisk) {
    MemoryPlan plan =
        Objects.requireNonNull(MemoryPlan.of(resnet50(rows, gib * GIB, diskGib * GIB)));
    assertThat(plan.format()).isEqualTo(format);
    assertThat(plan.isOnDisk()).isEqualTo(isOnDisk);
    assertThat(plan.activeColumns()).isEqualTo(12_200_000);
  }

  @Test
  void aTighterLimitTakesFewerActiveColumnsAndNeverExceedsIt() {
    for (long mib = 1000; mib < 60_000; mib += 250) {
      var request = resnet50(500, mib << 20, 60 * GIB);
      MemoryPlan plan = MemoryPlan.of(request);
      if (plan == null) {
        assertThat(MemoryPlan.leastBytes(request)).isGreaterThan(mib << 20);
      } else {
        assertThat(plan.residentBytes()).isLessThanOrEqualTo(mib << 20);
        assertThat(plan.activeColumns()).isBetween(6_710_000, 12_200_000);
      }
    }
  }

  @Test
  void withoutRoomOnDiskTheMatrixStaysInMemory() {
    assertThat(MemoryPlan.of(resnet50(500, 16 * GIB, 20 * GIB))).isNull();
    assertThat(MemoryPlan.leastBytes(resnet50(500, 16 * GIB, 20 * GIB))).isGreaterThan(30 * GIB);
  }

  @Test
  void theLeastIsEnough() {
    var tight = resnet50(500, GIB, 60 * GIB);
    long least = MemoryPlan.leastBytes(tight);
    assertThat(MemoryPlan.of(resnet50(500, least, 60 * GIB))).isNotNull();
    assertThat(MemoryPlan.of(resnet50(500, least - 1, 60 * GIB))).isNull();
  }

  @Test
  void theMostRowsFitAndOneMoreDoesNot() {
    var request = resnet50(500, 4 * GIB, 60 * GIB);
    int rows = MemoryPlan.mostRows(request);
    assertThat(rows).isBetween(1, 499);
    assertThat(MemoryPlan.of(resnet50(rows, 4 * GIB, 60 * GIB))).isNotNull();
    assertThat(MemoryPlan.of(resnet50(rows + 1, 4 * GIB, 60 * GIB))).isNull();
    assertThat(MemoryPlan.mostRows(resnet50(500, GIB, 60 * GIB))).isZero();
  }

  @Test
  void aBudgetKeepsTheCheapestAtTheMost() {
    var costs = CostTable.builder().layer("a", 10, 5).layer("b", 10, 1).layer("c", 3, 0).build();
    assertThat(MemoryPlan.mostKept(new Budget(100, 21), costs)).isEqualTo(3 + 10 + 2);
    assertThat(MemoryPlan.mostKept(new Budget(7, 21), costs)).isEqualTo(7);
    assertThat(MemoryPlan.mostKept(new Budget(100, 0), costs)).isEqualTo(3);
  }

  @Test
  void itPrintsWhatIsWhereAndHowLongItTakes() {
    var request = new MemoryPlan.Request(100, 1_000_000, 300_000, GIB, 0, 200L << 20);
    assertThat(Objects.requireNonNull(MemoryPlan.of(request)).toString())
        .startsWith(
            "gradients: 100 x 1,000,000 in float32, 381 MiB in memory; up to 600,000 active columns"
                + " in memory, 229 MiB")
        .contains("of 1.0 GiB: vectors 126 MiB")
        .contains("everything else 200 MiB")
        .hasLineCount(3);
  }
}
