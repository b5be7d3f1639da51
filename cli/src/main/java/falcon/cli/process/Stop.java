package falcon.cli.process;

/// Ways in which a process is told to stop.
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

  /// Its name without `SIG`.
  String signal() {
    return signal;
  }

  /// What shells make of the signal.
  public int exitCode() {
    return ExitCode.SIGNALLED + number;
  }

  public String message() {
    return message;
  }
}
