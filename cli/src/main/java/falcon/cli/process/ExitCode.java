package falcon.cli.process;

import falcon.prune.options.Failure;
import falcon.prune.options.PruningException;

/// The exit codes of the process.
public final class ExitCode {
  /// The command succeeded.
  public static final int DONE = 0;

  /// Falcon failed by a fault of its own.
  public static final int OUR_FAILURE = 1;

  /// The arguments are wrong.
  public static final int WRONG_USAGE = 2;

  /// An input file cannot be used.
  public static final int BAD_INPUT = 3;

  static final int BUDGET_NOT_MET = 4;

  /// A native library, memory or another limit of the machine prevents the command.
  public static final int MACHINE = 5;

  /// The result is written, but a figure of it is under what was asked for (`--fail-under`).
  public static final int UNDER_THRESHOLD = 6;

  /// The base to which the number of the signal that ended the process is added: 130 for Ctrl-C.
  static final int SIGNALLED = 128;

  private ExitCode() {}

  /// Returns the code of a failure.
  public static int of(Failure failure) {
    PruningException.Kind kind = failure.kind();
    if (kind == null) {
      return OUR_FAILURE;
    }
    return switch (kind) {
      case USAGE -> WRONG_USAGE;
      case INPUT -> BAD_INPUT;
      case BUDGET -> BUDGET_NOT_MET;
      case MACHINE -> MACHINE;
    };
  }
}
