package falcon.prune.run;

import falcon.model.UnwritableFileException;
import falcon.prune.options.Progress;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.UnaryOperator;

/// Logs the events of a run, one line each with the time in UTC, and forwards them.
final class RunLog implements Progress, AutoCloseable {
  private final Path path;
  private final UnaryOperator<String> wording;
  private final OutputStream out;
  private Progress listener = SILENT;
  private String phase = "";
  private Instant phaseBegin = Instant.EPOCH;

  /// @param path the file, to which lines are appended if it exists
  /// @param wording converts a text to its form in the log
  /// @param firstLine line that is written at once
  RunLog(Path path, UnaryOperator<String> wording, String firstLine) {
    this.path = path;
    this.wording = wording;
    try {
      out = Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UnwritableFileException(path, e);
    }
    boolean isWritten = false;
    try {
      line(firstLine);
      isWritten = true;
    } finally {
      if (!isWritten) {
        close();
      }
    }
  }

  /// Forwards events to `next` from now on.
  Progress to(Progress next) {
    listener = next;
    return this;
  }

  @Override
  public void begin(String name, long steps) {
    phase = name;
    phaseBegin = Instant.now();
    line("%s: begins, %d steps".formatted(name, steps));
    listener.begin(name, steps);
  }

  @Override
  public void goOn(long done) {
    listener.goOn(done);
  }

  @Override
  public void expect(double seconds) {
    listener.expect(seconds);
  }

  @Override
  public void advance(long done) {
    listener.advance(done);
  }

  @Override
  public void end() {
    var took = Duration.between(phaseBegin, Instant.now());
    line("%s: took %.1f s".formatted(phase, took.toMillis() / 1e3));
    listener.end();
  }

  @Override
  public void note(String message) {
    line(message);
    listener.note(message);
  }

  @Override
  public void detail(String message) {
    line(message);
    listener.detail(message);
  }

  @Override
  public void warn(String message) {
    line("warning: " + message);
    listener.warn(message);
  }

  /// Writes a line so that a killed process does not lose it.
  synchronized void line(String text) {
    try {
      // one write per line and no buffer: there is nothing left for closing that could fail
      out.write(
          "%s %s%n"
              .formatted(
                  Instant.now().truncatedTo(ChronoUnit.SECONDS),
                  wording.apply(text).replace("\n", " "))
              .getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UnwritableFileException(path, e);
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UnwritableFileException(path, e);
    }
  }
}
