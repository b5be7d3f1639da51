package falcon.cli;

import ai.onnxruntime.OrtEnvironment;
import falcon.prune.report.Versions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The top-level command, whose sub-commands do the work.
@Command(
    name = "falcon",
    description = "Prunes neural networks to a compute budget.",
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = FalconCommand.Version.class,
    footerHeading = "%nExit codes:%n",
    footer = {
      "  0 done, 1 a fault of Falcon, 2 wrong usage, 3 bad input, 4 budget cannot be met,",
      "  5 native library, memory or another limit of the machine, 6 a figure below --fail-under,",
      "  130 interrupted (143 by SIGTERM, 129 by a terminal that was closed)"
    })
final class FalconCommand implements Runnable {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = CommandLine.ScopeType.INHERIT,
      description = "Show this help.")
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  private boolean isHelpAsked;

  @Option(names = "--version", versionHelp = true, description = "Show versions.")
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  private boolean isVersionAsked;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command? " + commands());
  }

  private List<String> commands() {
    return List.copyOf(spec.subcommands().keySet());
  }

  /// The versions of Falcon, of its native libraries and of the software that it runs on.
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      var versions = new LinkedHashMap<>(Versions.all());
      String runtime = OrtEnvironment.class.getPackage().getImplementationVersion();
      versions.put("onnxruntime", Objects.requireNonNullElse(runtime, "unknown"));
      return versions.entrySet().stream()
          .map(entry -> "%-11s %s".formatted(entry.getKey(), entry.getValue()))
          .toArray(String[]::new);
    }
  }
}
