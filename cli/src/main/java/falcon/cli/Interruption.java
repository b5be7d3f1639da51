package falcon.cli;

import falcon.cli.output.Console;
import falcon.cli.process.Signals;
import falcon.cli.process.Stop;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Ends the process when it receives a stop signal, with advice on how to continue where that is
/// possible.
///
/// No cleanup is needed: files appear complete or not at all, stored state is on the disk, and the
/// operating system releases locks. Threads may be anywhere, in libtorch too, so the process ends
/// at once while they run ([Signals#endProcess]).
final class Interruption {
  /// Time limit of the last message in milliseconds: a stopped terminal, or a pipe that nobody
  /// reads, would never accept it.
  private static final long PATIENCE_MILLIS = 2_000;

  private final Console console;
  private final IntConsumer end;
  private final AtomicBoolean hasBegun = new AtomicBoolean();
  private volatile Supplier<String> advice = () -> "";
  private volatile @Nullable Integer finalCode;

  Interruption(Console console) {
    this(console, Signals::endProcess);
  }

  /// @param end ends the process with an exit code
  Interruption(Console console, IntConsumer end) {
    this.console = console;
    this.end = end;
  }

  /// Starts to handle stop signals.
  void watch() {
    for (Stop stop : Stop.values()) {
      Signals.on(stop, this::stop);
    }
  }

  /// Sets the advice for an interruption; it is requested then, on another thread; empty for none.
  void advise(Supplier<String> text) {
    advice = text;
  }

  /// Marks the work as finished: the process is about to end with an exit code, and does so even if
  /// a signal arrives.
  void over(int code) {
    finalCode = code;
  }

  /// Prints the advice and ends the process; a second call ends it without a message.
  void stop(Stop stop) {
    Integer code = finalCode;
    if (code != null) {
      end.accept(code);
      return;
    }
    if (hasBegun.compareAndSet(false, true)) {
      var speaker = new Thread(() -> speak(stop), "falcon-interruption");
      speaker.setDaemon(true);
      speaker.start();
      try {
        speaker.join(PATIENCE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    end.accept(stop.exitCode());
  }

  private void speak(Stop stop) {
    console.message("");
    console.message("%s %s".formatted(stop.message(), advice.get()).strip());
  }
}
