package falcon.prune.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckpointScheduleTest {
  private long nanos = -5;
  private final CheckpointSchedule schedule = new CheckpointSchedule(() -> nanos);

  @Test
  void aShortRefinementIsNeverKept() {
    assertThat(kept(60, Duration.ofMillis(10), Duration.ofMillis(50))).isEmpty();
  }

  @Test
  void quickStepsAreKeptEveryTenth() {
    assertThat(kept(1200, Duration.ofMillis(45), Duration.ofMillis(20)))
        .containsExactly(120, 240, 360, 480, 600, 720, 840, 960, 1080, 1200);
  }

  @Test
  void slowStepsAreKeptEveryMinute() {
    assertThat(kept(60, Duration.ofSeconds(25), Duration.ofSeconds(1)))
        .startsWith(3, 6, 9, 12)
        .hasSize(20);
  }

  @Test
  void keepingTakesATwentiethOfTheTimeAtMost() {
    List<Integer> kept = kept(600, Duration.ofSeconds(5), Duration.ofSeconds(10));
    assertThat(kept).startsWith(12, 52, 92).hasSize(15);
  }

  @Test
  void aPartThatTookASecondIsWorthKeeping() {
    schedule.begin(0);
    nanos += Duration.ofMillis(999).toNanos();
    assertThat(schedule.isWorthKeeping()).isFalse();
    nanos += Duration.ofMillis(1).toNanos();
    assertThat(schedule.isWorthKeeping()).isTrue();
  }

  private List<Integer> kept(int steps, Duration step, Duration keeping) {
    var kept = new ArrayList<Integer>();
    schedule.begin(0);
    for (int done = 1; done <= steps; done++) {
      nanos += step.toNanos();
      if (schedule.isDue(done, steps)) {
        kept.add(done);
        schedule.keep(done, () -> nanos += keeping.toNanos());
      }
    }
    return kept;
  }
}
