package falcon.cli;

import falcon.cli.output.Console;
import falcon.cli.process.Signals;
import falcon.cli.process.Stop;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Ends the process when it is told to stop, with a word on how to go on where that is possible.
///
/// Nothing needs to be tidied up: files appear whole or not at all, what was stored is on the disk,
/// and the operating system lets go of locks. Threads may be anywhere, in libtorch too, so that the
/// process ends at once under them ([Signals#endProcess]).
final class Interruption {
  /// How long the last words may take: a terminal that is stopped, or a pipe that nobody reads,
  /// takes none.
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

  /// From now on this process ends that way.
  void watch() {
    for (Stop stop : Stop.values()) {
      Signals.on(stop, this::stop);
    }
  }

  /// What to say when it happens: asked then, on another thread than this one; empty for nothing.
  void advise(Supplier<String> text) {
    advice = text;
  }

  /// The work is over: the process is about to end with that exit code, and does so whatever
  /// arrives.
  void over(int code) {
    finalCode = code;
  }

  /// Speaks and ends the process; a second time it ends without another word.
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
