package falcon.runtime.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.runtime.operator.Step;
import falcon.runtime.operator.Workspace;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Each part is computed once, whichever threads come late; a step sees what the steps before it
/// have written.
class WorkersTest {
  /// Each part adds what all parts of the step before it have written to an element of its own.
  private static final class Sum implements Step {
    private final long[] from;
    private final long[] to;

    Sum(long[] from, long[] to) {
      this.from = from;
      this.to = to;
    }

    @Override
    public int parts() {
      return to.length;
    }

    @Override
    public void run(int part, Workspace workspace) {
      to[part] += Arrays.stream(from).sum() + part;
    }
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void eachStepSeesWhatTheStepsBeforeItWrote() {
    int rounds = 3000;
    long[] expected = result(1, rounds);
    for (int threads : new int[] {2, 3, 8}) {
      assertThat(result(threads, rounds)).as("%d threads", threads).isEqualTo(expected);
    }
  }

  private static long[] result(int threads, int rounds) {
    var first = new long[7];
    var second = new long[64];
    var third = new long[2];
    var tasks =
        new Task[] {
          new Task(new Sum(third, first)),
          new Task(new Sum(first, second)),
          new Task(new Sum(second, third)),
          new Task(new Sum(third, new long[1]))
        };
    try (var workers = new Workers(threads)) {
      for (int round = 0; round < rounds; round++) {
        for (Task task : tasks) {
          workers.run(task);
        }
        for (int i = 0; i < third.length; i++) {
          third[i] &= 0xFFFF; // by the caller, between steps
        }
        if (round % 1000 == 0) {
          sleep(); // helpers fall asleep
        }
      }
    }
    return second;
  }

  private static void sleep() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void aFailureReachesTheCallerAndTheNextRunIsWhole() {
    var counts = new AtomicIntegerArray(40);
    var isBroken = new boolean[] {true};
    Step step =
        new Step() {
          @Override
          public int parts() {
            return counts.length();
          }

          @Override
          public void run(int part, Workspace workspace) {
            if (isBroken[0] && part == 17) {
              throw new IndexOutOfBoundsException("part 17");
            }
            counts.incrementAndGet(part);
          }
        };
    var task = new Task(step);
    try (var workers = new Workers(3)) {
      for (int round = 0; round < 200; round++) {
        isBroken[0] = true;
        assertThatThrownBy(() -> workers.run(task))
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessage("part 17");
        for (int part = 0; part < counts.length(); part++) {
          counts.set(part, 0);
        }
        isBroken[0] = false;
        workers.run(task);
        for (int part = 0; part < counts.length(); part++) {
          assertThat(counts.get(part)).as("part %d in round %d", part, round).isEqualTo(1);
        }
      }
    }
  }
}
