package falcon.cli;

import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.onnx.OnnxFile;
import falcon.model.zoo.Architecture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description =
          "Weights for the network (.safetensors, .pth), in place of its own: as prune --format"
              + " safetensors writes them.")
  private @Nullable Path weights;

  /// The file.
  Path path() {
    return path;
  }

  /// All files that the network is read from: its own, those of external data, and `--weights`.
  ///
  /// @param network as it was read
  List<Path> files(Network network) {
    var files = new ArrayList<Path>();
    files.add(path);
    OnnxFile.dataFiles(network).forEach(name -> files.add(path.resolveSibling(name)));
    if (weights != null) {
      files.add(weights);
    }
    return files;
  }

  /// Reads the network.
  Network read() {
    if (architecture != null && path.toString().toLowerCase(Locale.ROOT).endsWith(".onnx")) {
      throw new ParameterException(
          spec.commandLine(),
          "--arch %s is for weights alone; %s has its own graph. Leave --arch out."
              .formatted(architecture.id(), path));
    }
    Network network = Networks.read(path, architecture);
    return weights == null ? network : Networks.withWeights(network, weights);
  }
}
