package falcon.cli.process;

import falcon.prune.options.Failure;
import falcon.prune.options.PruningException;

/// What a process tells whoever started it.
public final class ExitCode {
  public static final int DONE = 0;
  public static final int OUR_FAILURE = 1;
  public static final int WRONG_USAGE = 2;
  public static final int BAD_INPUT = 3;
  static final int BUDGET_NOT_MET = 4;
  public static final int MACHINE = 5;

  /// A process that ended because of a signal has this code and the signal's number: 130 for
  /// Ctrl-C.
  static final int SIGNALLED = 128;

  private ExitCode() {}

  /// Code of a failure.
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
