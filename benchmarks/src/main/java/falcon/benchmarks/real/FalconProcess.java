package falcon.benchmarks.real;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// The command line in a process of its own, as a user starts it.
final class FalconProcess {
  private final Path launcher;
  private final Path logs;

  /// @param launcher the script `falcon`
  /// @param logs folder for what the commands say
  FalconProcess(Path launcher, Path logs) {
    this.launcher = launcher;
    this.logs = logs;
  }

  /// What a command ended with.
  ///
  /// @param output standard output
  /// @param errors standard error
  record Ended(int code, String output, String errors, double seconds) {
    /// Returns the message of a command that failed, without advice on options.
    String message() {
      String message =
          errors
              .lines()
              .filter(line -> line.startsWith("falcon: "))
              .map(line -> line.substring("falcon: ".length()))
              .collect(Collectors.joining(" "));
      return "exit code %d: %s".formatted(code, message.isEmpty() ? errors.strip() : message);
    }
  }

  /// Runs a command.
  ///
  /// @param name name of its log files
  Ended run(String name, List<String> arguments) throws IOException, InterruptedException {
    Path output = logs.resolve(name + ".out");
    Path errors = logs.resolve(name + ".err");
    var command = new ArrayList<String>();
    command.add(launcher.toAbsolutePath().toString());
    command.addAll(arguments);
    long start = System.nanoTime();
    int code =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start()
            .waitFor();
    return new Ended(
        code,
        Files.readString(output, StandardCharsets.UTF_8),
        Files.readString(errors, StandardCharsets.UTF_8),
        (System.nanoTime() - start) / 1e9);
  }
}
