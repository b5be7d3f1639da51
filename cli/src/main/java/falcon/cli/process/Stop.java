package falcon.cli.process;

/// The signals that stop the process.
public enum Stop {
  /// Ctrl-C.
  INTERRUPT("INT", 2, "Interrupted."),
  /// `kill`, a batch system, a machine that goes down.
  TERMINATE("TERM", 15, "Told to stop (SIGTERM)."),
  /// The terminal was closed.
  HANG_UP("HUP", 1, "The terminal was closed (SIGHUP).");

  private final String signal;
  private final int number;
  private final String message;

  Stop(String signal, int number, String message) {
    this.signal = signal;
    this.number = number;
    this.message = message;
  }

  /// Returns the signal's name without `SIG`.
  String signal() {
    return signal;
  }

  /// Returns the exit code that shells use for the signal.
  public int exitCode() {
    return ExitCode.SIGNALLED + number;
  }

  /// Returns the message that is printed when the signal arrives.
  public String message() {
    return message;
  }
}
