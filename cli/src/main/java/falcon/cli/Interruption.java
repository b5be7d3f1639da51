package falcon.cli;

/// Ends the process at once when it is told to stop (Ctrl-C), with a word on how to go on.
///
/// Nothing needs to be tidied up: files appear whole or not at all, finished stages are on the disk. The
/// process is halted so that libtorch's threads, which may be at work, do not see it being taken apart.
final class Interruption {
  private final Console console;
  private volatile String advice = "";
  private volatile boolean isOver;

  Interruption(Console console) {
    this.console = console;
  }

  /// From now on this process ends that way.
  void watch() {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (!isOver) {
                    console.message("");
                    console.message(("Interrupted. " + advice).strip());
                    Runtime.getRuntime().halt(ExitCode.INTERRUPTED);
                  }
                },
                "falcon-interruption"));
  }

  /// What to say when it happens.
  void advise(String text) {
    advice = text;
  }

  /// The work is over: the process ends as usual.
  void over() {
    isOver = true;
  }
}
