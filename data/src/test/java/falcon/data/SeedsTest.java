package falcon.data;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class SeedsTest {
  @Test
  void firstValuesNeverChange() {
    assertThat(Seeds.of(1, "calibration", 0).nextLong()).isEqualTo(672737808968640976L);
    assertThat(Seeds.of(1, "calibration", 1).nextLong()).isEqualTo(8276912926253373270L);
    assertThat(Seeds.of(2, "calibration", 0).nextLong()).isEqualTo(-6499101832576800180L);
    assertThat(Seeds.of(1, "signs", 0).nextLong()).isEqualTo(4826359364533417983L);
  }

  @Test
  void sameArgumentsGiveTheSameStream() {
    var a = Seeds.of(7, "x", 3);
    var b = Seeds.of(7, "x", 3);
    for (int i = 0; i < 100; i++) {
      assertThat(a.nextLong()).isEqualTo(b.nextLong());
    }
  }
}
