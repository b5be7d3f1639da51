package falcon.cli;

import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.zoo.Architecture;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Which network a command works on.
final class ModelOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description =
          "The network: net.onnx, or weights (.pth, .pt, .pth.tar, .safetensors) with --arch.")
  @SuppressWarnings("NullAway.Init")
  private Path path;

  @Option(
      names = "--arch",
      paramLabel = "NAME",
      converter = Converters.OfArchitecture.class,
      description = "Built-in architecture that bare weights belong to: resnet20.")
  private @Nullable Architecture architecture;

  /// The file.
  Path path() {
    return path;
  }

  /// Reads the network.
  Network read() {
    if (architecture != null && path.toString().toLowerCase(Locale.ROOT).endsWith(".onnx")) {
      throw new ParameterException(
          spec.commandLine(),
          "--arch %s is for weights alone; %s has its own graph. Leave --arch out."
              .formatted(architecture.id(), path));
    }
    return Networks.read(path, architecture);
  }
}
