package falcon.cli.option;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The option for the number of a command's threads.
public final class ThreadOptions {
  /// Greatest number of threads.
  public static final int MOST = 1024;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that work; does not change the result. Default: all processors.")
  void setThreads(int value) {
    if (value < 1 || value > MOST) {
      throw new ParameterException(
          spec.commandLine(), "--threads %d: wanted are 1 to %d".formatted(value, MOST));
    }
    threads = value;
  }

  /// Returns the number of threads.
  public int count() {
    return threads;
  }
}
