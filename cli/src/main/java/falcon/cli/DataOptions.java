package falcon.cli;

import falcon.data.Dataset;
import falcon.data.Datasets;
import falcon.data.Layout;
import falcon.data.Preprocessing;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Which images a command works on, and how they become inputs.
final class DataOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "PATH",
      description = {
        "Folder with CIFAR-10 binaries, idx files (gzipped or not), or arrays of NumPy named like the"
            + " network's inputs: train.npz and test.npz, or .npy files; or a single .npz or .npy file.",
        "An array 'labels' or 'y' holds classes; there need be none."
      })
  @SuppressWarnings("NullAway.Init")
  private Path directory;

  @Option(
      names = "--data-format",
      paramLabel = "NAME",
      converter = Converters.OfLayout.class,
      description = "What it holds: cifar10, idx or arrays; recognised by itself if left out.")
  private @Nullable Layout layout;

  @Option(
      names = "--mean",
      paramLabel = "X",
      split = ",",
      description =
          "Mean of each channel on the scale 0 to 1, or one for all. If left out, preprocessing is"
              + " what the network's metadata says, else 0.5 (cifar10) or 0.2860 (idx).")
  private @Nullable List<Double> mean;

  @Option(
      names = "--deviation",
      paramLabel = "X",
      split = ",",
      description =
          "Standard deviation of each channel, or one for all; else 0.5 (cifar10) or 0.3530 (idx).")
  private @Nullable List<Double> deviation;

  @Option(
      names = "--border",
      paramLabel = "N",
      description =
          "Pixels of black on each side that random crops of training images are taken from; else 4"
              + " (cifar10) or 2 (idx).")
  private @Nullable Integer border;

  @Option(
      names = "--flip",
      negatable = true,
      description = "Whether half of the training images are flipped left to right; else they are.")
  private @Nullable Boolean flip;

  /// The folder, as typed.
  Path directory() {
    return directory;
  }

  /// Opens the folder.
  Dataset open() {
    return layout == null ? Datasets.open(directory) : Datasets.open(directory, layout);
  }

  /// What is said here, over what the network's metadata says, over what suits the layout.
  ///
  /// @param source of the metadata, for messages
  /// @return null for arrays, which go in as they are
  @Nullable Preprocessing preprocessing(Dataset data, Map<String, String> metadata, Path source) {
    if (!data.layout().isImages()) {
      if (mean != null || deviation != null || border != null || flip != null) {
        throw new ParameterException(
            spec.commandLine(),
            "--mean, --deviation, --border and --flip are for images; %s holds arrays, which go in as they are"
                .formatted(directory));
      }
      return null;
    }
    Preprocessing told = Preprocessing.fromMetadata(source, metadata);
    Preprocessing base = told == null ? Preprocessing.defaultsOf(data.layout()) : told;
    try {
      return Preprocessing.of(
          perChannel(mean, base.mean(), data),
          perChannel(deviation, base.deviation(), data),
          Objects.requireNonNullElse(border, base.border()),
          Objects.requireNonNullElse(flip, base.isFlipped()));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "preprocessing: " + e.getMessage(), e);
    }
  }

  private static List<Double> perChannel(
      @Nullable List<Double> typed, List<Double> otherwise, Dataset data) {
    if (typed == null) {
      return otherwise;
    }
    return typed.size() == 1 ? Collections.nCopies(data.channels(), typed.getFirst()) : typed;
  }
}
