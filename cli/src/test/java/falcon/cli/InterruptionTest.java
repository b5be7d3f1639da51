package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.cli.output.Console;
import falcon.cli.process.Stop;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterruptionTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<Integer> ends = new CopyOnWriteArrayList<>();

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "INTERRUPT, 130, Interrupted.",
    "TERMINATE, 143, Told to stop (SIGTERM).",
    "HANG_UP, 129, The terminal was closed (SIGHUP)."
  })
  void everySignalHasItsCodeAndWords(Stop stop, int code, String words) {
    interruption(err).stop(stop);
    assertThat(ends).containsExactly(code);
    assertThat(said()).isEqualTo("%n%s%n".formatted(words));
  }

  @Test
  void adviceIsAskedForWhenItHappens() {
    var interruption = interruption(err);
    var stored = new CopyOnWriteArrayList<String>();
    interruption.advise(() -> stored.isEmpty() ? "" : "Go on with: " + stored.getFirst());
    stored.add("./falcon prune --resume");
    interruption.stop(Stop.INTERRUPT);
    assertThat(said()).contains("Interrupted. Go on with: ./falcon prune --resume");
  }

  @Test
  void theSecondTimeEndsWithoutAnotherWord() {
    var interruption = interruption(err);
    interruption.stop(Stop.INTERRUPT);
    String first = said();
    interruption.stop(Stop.INTERRUPT);
    assertThat(said()).isEqualTo(first);
    assertThat(ends).containsExactly(130, 130);
  }

  @Test
  void finishedWorkKeepsItsCode() {
    var interruption = interruption(err);
    interruption.over(4);
    interruption.stop(Stop.INTERRUPT);
    assertThat(ends).containsExactly(4);
    assertThat(said()).isEmpty();
  }

  /// Tests with a stream like a stopped terminal, or a full pipe.
  @Test
  void standardErrorThatTakesNothingDoesNotHoldUpTheEnd() {
    var never = new CountDownLatch(1);
    var stuck =
        new OutputStream() {
          @Override
          public void write(int value) {
            try {
              never.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    interruption(stuck).stop(Stop.INTERRUPT);
    assertThat(ends).containsExactly(130);
    never.countDown();
  }

  private Interruption interruption(OutputStream stream) {
    var printer = new PrintStream(stream, true, StandardCharsets.UTF_8);
    return new Interruption(new Console(printer, printer, false, 80), ends::add);
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
