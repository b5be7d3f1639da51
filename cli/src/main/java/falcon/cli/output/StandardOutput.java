package falcon.cli.output;

import falcon.cli.process.ExitCode;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Standard output, whose reader can leave or whose disk can be full: this stream remembers the
/// failure, of which a [PrintStream] only reports that it occurred.
public final class StandardOutput extends OutputStream {
  private final OutputStream target;
  private @Nullable IOException failure;

  /// Creates the standard output of this process.
  public StandardOutput() {
    this(new FileOutputStream(FileDescriptor.out));
  }

  /// Creates an output to another stream.
  public StandardOutput(OutputStream target) {
    this.target = target;
  }

  /// Returns a stream that writes to this one.
  PrintStream printer(Charset charset) {
    return new PrintStream(this, false, charset);
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    try {
      target.write(bytes, from, count);
    } catch (IOException e) {
      failure = failure == null ? e : failure;
      throw e;
    }
  }

  /// Returns the exit code of a process that would have ended with `code`, and prints a message
  /// where its result is lost. A reader that left, `head` for instance, has what it wanted: that is
  /// no failure.
  public int checked(int code, Console console) {
    if (failure == null || isReaderGone(failure) || code != ExitCode.DONE) {
      return code;
    }
    console.message(
        "falcon: standard output cannot be written (%s): what was to be printed is lost."
            .formatted(failure.getMessage()));
    return ExitCode.MACHINE;
  }

  private static boolean isReaderGone(IOException failure) {
    return String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("broken pipe");
  }
}
