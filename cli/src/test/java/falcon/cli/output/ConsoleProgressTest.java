package falcon.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ConsoleProgressTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong();

  @Test
  void plainLinesTellPhaseShareRateAndTimeLeft() {
    ConsoleProgress progress = progress(false, 80, ConsoleProgress.Volume.NORMAL);
    progress.begin("gradients", 1000);
    nanos.set(5_000_000_000L);
    progress.advance(250);
    progress.tick();
    progress.end();
    progress.tick();
    assertThat(shown()).isEqualTo("gradients: 250 of 1000 (25 %), 50/s, 15 s left\n");
  }

  @Test
  void stepsOfAnEarlierRunDoNotCountForTheRate() {
    ConsoleProgress progress = progress(false, 80, ConsoleProgress.Volume.NORMAL);
    progress.begin("refine", 1000);
    progress.goOn(500);
    nanos.set(5_000_000_000L);
    progress.tick();
    progress.advance(550);
    progress.tick();
    assertThat(shown())
        .isEqualTo("refine: 500 of 1000, 5 s\nrefine: 550 of 1000 (55 %), 10/s, 45 s left\n");
  }

  @Test
  void oneOfSeveralRunsIsNamedWithTheTimeLeftForAll() {
    ConsoleProgress progress = progress(false, 80, ConsoleProgress.Volume.NORMAL);
    run(progress, "r60", 1, 30); // measures what all share
    run(progress, "r60 magnitude", 1, 2);
    run(progress, "r30", 2, 10);
    run(progress, "r20", 3, 0); // was finished before
    progress.beginPart("r10", 4, 5);
    progress.begin("refine", 4);
    nanos.addAndGet(4_000_000_000L);
    progress.advance(1);
    progress.tick();
    assertThat(shown())
        .isEqualTo(
            """
            run 1 of 5: r60
            run 2 of 5: r30; about 2 min 8 s left for all
            run 3 of 5: r20; about 30 s left for all
            run 4 of 5: r10; about 20 s left for all
            [4/5 r10] refine: 1 of 4 (25 %), 0.3/s, 12 s left; about 16 s left for all
            """);
  }

  private void run(ConsoleProgress progress, String name, int number, int seconds) {
    progress.beginPart(name, number, 5);
    nanos.addAndGet(seconds * 1_000_000_000L);
    progress.endPart();
  }

  @Test
  void aPhaseOfOneStepTellsItsTime() {
    ConsoleProgress progress = progress(false, 80, ConsoleProgress.Volume.NORMAL);
    progress.begin("solving", 1);
    nanos.set(65_000_000_000L);
    progress.tick();
    assertThat(shown()).isEqualTo("solving: 1 min 5 s\n");
  }

  @Test
  void aTerminalsLineIsRedrawnAndRemoved() {
    ConsoleProgress progress = progress(true, 20, ConsoleProgress.Volume.NORMAL);
    progress.begin("gradients", 1000);
    nanos.set(1_000_000_000L);
    progress.advance(500);
    progress.tick();
    progress.note("note");
    assertThat(shown()).isEqualTo("\r\u001b[Kgradients: 500 of 1\r\u001b[Knote\n");
  }

  @Test
  void quietLeavesOnlyWarnings() {
    ConsoleProgress progress = progress(false, 80, ConsoleProgress.Volume.QUIET);
    progress.begin("gradients", 10);
    progress.tick();
    progress.note("note");
    progress.warn("beware");
    progress.end();
    assertThat(shown()).isEqualTo("warning: beware\n");
  }

  @Test
  void verboseTellsTheEndOfEveryPhase() {
    ConsoleProgress progress = progress(false, 80, ConsoleProgress.Volume.VERBOSE);
    progress.begin("gradients", 10);
    nanos.set(3_000_000_000L);
    progress.end();
    assertThat(shown()).isEqualTo("gradients: done in 3 s\n");
  }

  private ConsoleProgress progress(boolean isTerminal, int columns, ConsoleProgress.Volume volume) {
    var console =
        new Console(
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            isTerminal,
            columns);
    return new ConsoleProgress(console, volume, nanos::get);
  }

  private String shown() {
    return err.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }
}
