package falcon.torch.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
class WorkersTest {
  @Test
  void resultsComeInTaskOrder() {
    try (var workers = new Workers(3)) {
      assertThat(workers.map(5, task -> task * task)).isEqualTo(List.of(0, 1, 4, 9, 16));
      assertThat(workers.map(0, task -> task)).isEmpty();
    }
  }

  @Test
  void failureOfTheFirstTaskByNumberIsTold() {
    try (var workers = new Workers(2)) {
      var laterFailed = new CountDownLatch(1);
      assertThatThrownBy(() ->
              workers.map(
                  4,
                  task -> {
                    if (task == 0) {
                      await(laterFailed);
                    }
                    laterFailed.countDown();
                    throw new IllegalArgumentException("task " + task);
                  }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("task 0");
    }
  }

  @Test
  void interruptedCallerWaitsForRunningTasks() {
    try (var workers = new Workers(1)) {
      var caller = Thread.currentThread();
      var isDone = new AtomicBoolean();
      assertThatThrownBy(() ->
              workers.map(
                  3,
                  task -> {
                    caller.interrupt();
                    double work = 0;
                    for (int i = 0; i < 1_000_000; i++) {
                      work += Math.sin(i);
                    }
                    isDone.set(Double.isFinite(work));
                    return task;
                  }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("interrupted while waiting for a worker");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(isDone).isTrue();
    }
  }

  @Test
  void numberOfThreadsIsOneOrMore() {
    assertThatThrownBy(() -> new Workers(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("threads must be 1 or more, got 0");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
