package falcon.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunksTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 1000})
  void eachChunkRunsOnce(int count) {
    var runs = new AtomicIntegerArray(count);
    try (var executor = Executors.newFixedThreadPool(4)) {
      Chunks.run(executor, count, runs::incrementAndGet);
    }
    for (int i = 0; i < count; i++) {
      assertThat(runs.get(i)).isEqualTo(1);
    }
  }

  @Test
  void theFailureOfAChunkReachesTheCallerAsItIs() {
    try (var executor = Executors.newFixedThreadPool(2)) {
      assertThatThrownBy(() ->
              Chunks.run(
                  executor,
                  100,
                  chunk -> {
                    if (chunk == 7) {
                      throw new IllegalArgumentException("chunk seven");
                    }
                  }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("chunk seven");
    }
  }

  @Test
  void anInterruptedCallerStopsAndStaysInterrupted() {
    try (var executor = Executors.newFixedThreadPool(2)) {
      Thread caller = Thread.currentThread();
      caller.interrupt();
      // No chunk ends before the waiting caller has noticed.
      assertThatThrownBy(() ->
              Chunks.run(
                  executor,
                  10,
                  chunk -> {
                    while (caller.isInterrupted()) {
                      Thread.onSpinWait();
                    }
                  }))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
