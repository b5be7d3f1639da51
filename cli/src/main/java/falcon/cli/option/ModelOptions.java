package falcon.cli.option;

import falcon.model.MainOutput;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.onnx.OnnxFile;
import falcon.model.zoo.Architecture;
import falcon.prune.options.BatchAxes;
import falcon.prune.options.ExampleShapes;
import falcon.prune.options.InputValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The options that choose the network of a command.
public final class ModelOptions {
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
      description = "Built-in architecture that bare weights belong to: resnet20.")
  private @Nullable Architecture architecture;

  @Option(
      names = "--input-shape",
      paramLabel = "SHAPE",
      description =
          "Shape of one example where the network leaves axes open: 3,224,224 or, by input,"
              + " input_ids=64,attention_mask=64. Data tell it by themselves, but for images in"
              + " files.")
  private @Nullable ExampleShapes inputShapes;

  @Option(
      names = "--input",
      paramLabel = "NAME=VALUE",
      description =
          "Value of an input for all samples: sr=16000, state=zeros, mask=1,1,0. Control flow that"
              + " depends on it is settled. May be given several times. A written network keeps the"
              + " input.")
  private List<InputValue> inputs = List.of();

  @Option(
      names = "--batch-axis",
      paramLabel = "AXIS",
      description =
          "Axis of the inputs that counts examples, from 0, where it cannot be found: 1 or, by"
              + " input, x=1,rate=none (none: one value for all examples).")
  private @Nullable BatchAxes batchAxes;

  @Option(
      names = "--output",
      paramLabel = "NAME",
      description =
          "Output that counts, or a value inside of the network: compared, differentiated,"
              + " reproduced. Default: the first output of floating-point numbers. Goes into the"
              + " metadata of a network that is written.")
  private @Nullable String output;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description =
          "Weights for the network (.safetensors, .pth), in place of its own: as prune --format"
              + " safetensors writes them.")
  private @Nullable Path weights;

  /// Returns the network's file.
  public Path path() {
    return path;
  }

  /// Returns all files that the network is read from: its own, those of external data, and
  /// `--weights`.
  ///
  /// @param network the network as it was read
  public List<Path> files(Network network) {
    var files = new ArrayList<>(filesOf(path, network));
    if (weights != null) {
      files.add(weights);
    }
    return files;
  }

  /// Returns the files of another network: its own, and those of external data.
  ///
  /// @param network the network as it was read
  public List<Path> filesOf(Path file, Network network) {
    var files = new ArrayList<Path>();
    files.add(file);
    OnnxFile.dataFiles(network).forEach(name -> files.add(file.resolveSibling(name)));
    return files;
  }

  /// Returns the typed shapes of the inputs; null if there are none.
  public @Nullable ExampleShapes inputShapes() {
    return inputShapes;
  }

  /// Returns the typed values of inputs.
  public List<InputValue> inputs() {
    return inputs;
  }

  /// Reads the network, with the typed inputs and for examples of the typed shapes.
  public Network read() {
    return read(path, null);
  }

  /// Reads the network where the command reads another one, too, which `--arch` may belong to.
  ///
  /// @param other file of the other network; null if there is none
  public Network readBeside(@Nullable Path other) {
    return read(path, other);
  }

  /// Reads another network in the same way.
  public Network read(Path file) {
    return read(file, path);
  }

  private Network read(Path file, @Nullable Path other) {
    Network network = InputValue.applied(readAsItIs(file, other), inputs);
    if (batchAxes != null) {
      network = batchAxes.appliedTo(network);
    }
    network = inputShapes == null ? network : inputShapes.appliedTo(network);
    if (weights != null && file.equals(path)) {
      network = Networks.withWeights(network, weights);
    }
    if (output != null) {
      var metadata = new LinkedHashMap<>(network.metadata());
      metadata.put(MainOutput.METADATA, output);
      network = network.withMetadata(metadata);
      requireOutput(network);
    }
    return network;
  }

  private void requireOutput(Network network) {
    try {
      MainOutput.of(network);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--output: " + e.getMessage(), e);
    }
  }

  private Network readAsItIs(Path file, @Nullable Path other) {
    if (!isOnnx(file)) {
      return Networks.read(file, architecture);
    }
    if (architecture != null && (other == null || isOnnx(other))) {
      throw new ParameterException(
          spec.commandLine(),
          "--arch %s is for weights alone; %s has its own graph. Leave --arch out."
              .formatted(architecture.id(), file));
    }
    return Networks.read(file, null);
  }

  private static boolean isOnnx(Path file) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
  }
}
