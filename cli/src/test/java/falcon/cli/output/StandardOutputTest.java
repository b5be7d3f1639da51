package falcon.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.cli.process.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StandardOutputTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void aFullDiskIsAFailureInWords() {
    assertThat(code(ExitCode.DONE, "No space left on device")).isEqualTo(ExitCode.MACHINE);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("standard output cannot be written (No space left on device)");
  }

  @Test
  void aReaderThatLeftIsNone() {
    assertThat(code(ExitCode.DONE, "Broken pipe")).isEqualTo(ExitCode.DONE);
    assertThat(err.size()).isZero();
  }

  @Test
  void aFailureOfTheCommandComesFirst() {
    assertThat(code(ExitCode.BAD_INPUT, "No space left on device")).isEqualTo(ExitCode.BAD_INPUT);
  }

  private int code(int code, String failure) {
    var output =
        new StandardOutput(
            new OutputStream() {
              @Override
              public void write(int value) throws IOException {
                throw new IOException(failure);
              }
            });
    var console =
        new Console(
            output.printer(StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            80);
    console.result("result");
    return output.checked(code, console);
  }
}
