package falcon.prune.run;

import com.fasterxml.jackson.databind.JsonNode;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.format.Networks;
import falcon.model.onnx.OnnxFile;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.zoo.Architecture;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.ModelFormat;
import falcon.prune.storage.WrittenFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The result of a run, read from its folder: mask, pruned network and the network that was pruned.
public final class FinishedRun {
  private final Path directory;
  private final Path model;
  private final StateDict mask;
  private final List<Input> inputs;

  private FinishedRun(Path directory, Path model, StateDict mask, List<Input> inputs) {
    this.directory = directory;
    this.model = model;
    this.mask = mask;
    this.inputs = List.copyOf(inputs);
  }

  /// A file of the network that was pruned.
  private record Input(Path path, String sha256) {}

  /// Reads mask and report of a run.
  ///
  /// @param path folder of the run, or one of its files
  /// @throws PruningException if it is no finished run, or one of its files is missing or changed
  /// @throws MalformedModelException if the mask cannot be used
  public static FinishedRun of(Path path) {
    if (!Files.exists(path)) {
      throw input(
          "%s: there is no such file or folder.%nGive the folder of a finished run."
              .formatted(path));
    }
    Path directory =
        Files.isDirectory(path)
            ? path
            : Objects.requireNonNullElse(path.toAbsolutePath().getParent(), path);
    RunRecord there = RunRecord.of(directory);
    if (there.damage() != null) {
      throw input("%s%nGive the folder of a finished run.".formatted(there.damage()));
    }
    if (there.identity() != null && !there.isFinished()) {
      throw input(
          "%s: holds a run that is not finished.%nGo on with it (%s) first."
              .formatted(directory, Option.RESUME));
    }
    requireWhole(directory, there);
    Path model = model(directory, there);
    Path mask = directory.resolve(RunNames.MASK);
    if (!Files.exists(mask)) {
      throw input(
          "%s: has no %s.%nGive the folder of a finished run.".formatted(directory, RunNames.MASK));
    }
    return new FinishedRun(directory, model, SafetensorsFile.read(mask), inputs(there.result()));
  }

  private static void requireWhole(Path directory, RunRecord there) {
    List<WrittenFile> files = there.files();
    for (WrittenFile file : files == null ? List.<WrittenFile>of() : files) {
      String difference = file.difference(directory);
      if (difference != null) {
        throw input(
            "%s: %s.%nRun again, or go on with %s: a missing file is written again."
                .formatted(directory.resolve(file.name()), difference, Option.RESUME));
      }
    }
  }

  private static Path model(Path directory, RunRecord there) {
    List<WrittenFile> files = there.files();
    for (ModelFormat format : ModelFormat.values()) {
      Path model = directory.resolve(format.fileName());
      boolean isOfRun =
          files == null || files.stream().anyMatch(file -> file.name().equals(format.fileName()));
      if (isOfRun && Files.exists(model, LinkOption.NOFOLLOW_LINKS)) {
        return model;
      }
    }
    throw input(
        "%s: has no pruned network (model.onnx or model.safetensors).%nGive the folder of a finished run."
            .formatted(directory));
  }

  private static List<Input> inputs(@Nullable JsonNode result) {
    var inputs = new ArrayList<Input>();
    if (result != null) {
      for (JsonNode input : result.path("inputs")) {
        if (input.path("role").asText().equals("model")) {
          inputs.add(
              new Input(Paths.get(input.path("path").asText()), input.path("sha256").asText()));
        }
      }
    }
    return inputs;
  }

  /// Returns the folder of the run.
  public Path directory() {
    return directory;
  }

  /// Returns the mask: BOOL, 1 is kept, by the names of the network's constants.
  public StateDict mask() {
    return mask;
  }

  /// Returns the files that an export reads: the pruned network, the mask and the dense network.
  ///
  /// @param given path of the dense network; null for the one that the run names
  public List<Path> files(@Nullable Path given) {
    var files = new ArrayList<>(List.of(model, directory.resolve(RunNames.MASK)));
    if (given == null) {
      inputs.forEach(input -> files.add(input.path()));
    } else {
      files.add(given);
    }
    return files;
  }

  /// Reads the network that was pruned.
  ///
  /// @param given its path; null for the one that the run names
  /// @throws PruningException if the run names none, or its file is not there or was changed since
  /// @throws MalformedModelException if it cannot be used
  public Network dense(@Nullable Path given) {
    if (given != null) {
      return Networks.read(given, isOnnx(given) ? null : architecture());
    }
    if (inputs.isEmpty()) {
      throw input(
          "%s: nothing here names the network that was pruned.%nGive it (%s)."
              .formatted(directory, Option.DENSE));
    }
    inputs.forEach(FinishedRun::requireUnchanged);
    Path file = inputs.getFirst().path();
    Network dense = Networks.read(file, isOnnx(file) ? null : architecture());
    boolean hasOtherWeights = inputs.size() > 1 + OnnxFile.dataFiles(dense).size();
    return hasOtherWeights ? Networks.withWeights(dense, inputs.getLast().path()) : dense;
  }

  private static boolean isOnnx(Path file) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
  }

  private @Nullable Architecture architecture() {
    String id =
        isOnnx(model)
            ? Networks.read(model).metadata().get(Network.ARCHITECTURE)
            : SafetensorsFile.read(model).metadata().get(Network.ARCHITECTURE);
    return id == null ? null : Architecture.ofId(id);
  }

  private static void requireUnchanged(Input input) {
    if (!Files.exists(input.path())) {
      throw input(
          "%s: the network that was pruned is not there%s.%nGive it (%s)."
              .formatted(
                  input.path(),
                  input.path().isAbsolute() ? "" : ", seen from " + Path.of("").toAbsolutePath(),
                  Option.DENSE));
    }
    String now = InputFile.of(List.of(input.path())).getFirst().sha256();
    if (!now.equals(input.sha256())) {
      throw input(
          "%s: is not the network that was pruned any more: its SHA-256 was %s and is %s.%nGive the one that was (%s)."
              .formatted(input.path(), input.sha256(), now, Option.DENSE));
    }
  }

  /// Reads the pruned network.
  ///
  /// @param dense the network that was pruned, whose graph belongs to weights that are stored alone
  /// @throws MalformedModelException if it cannot be used, or does not fit the dense network
  public Network pruned(Network dense) {
    return isOnnx(model) ? Networks.read(model) : Networks.withWeights(dense, model);
  }

  private static PruningException input(String message) {
    return new PruningException(PruningException.Kind.INPUT, message);
  }
}
