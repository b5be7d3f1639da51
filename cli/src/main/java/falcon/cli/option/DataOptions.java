package falcon.cli.option;

import falcon.data.Dataset;
import falcon.data.ImageLayout;
import falcon.data.Layout;
import falcon.data.Preprocessing;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.prune.evaluation.NetworkWithData;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options that choose the data of a command and its preprocessing.
public final class DataOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = {
        "Folder with CIFAR-10 binaries, idx files (gzipped or not), or images: PNG, JPEG, BMP, GIF, TIFF"
            + " and WebP in a folder a class, in 'train' and 'val' or 'test', or directly below;",
        "or arrays of NumPy named like the network's inputs, the first axis counting samples: train.npz and"
            + " test.npz, .npy files, or a single such file. An array 'labels', 'targets' or 'y' holds"
            + " classes.",
        "Without classes a network is compared with itself."
      })
  private @Nullable Path directory;

  @Option(
      names = "--data-format",
      paramLabel = "NAME",
      description =
          "What it holds: cifar10, idx, images or arrays; recognised by itself if left out.")
  private @Nullable Layout layout;

  @Option(
      names = "--mean",
      paramLabel = "X",
      split = ",",
      description =
          "Mean of each channel on the scale 0 to 1, or one for all. If left out, preprocessing is"
              + " what the network's metadata says, else 0.5 (cifar10), 0.2860 (idx) or ImageNet's"
              + " 0.485,0.456,0.406 (images; grey 0.449).")
  private @Nullable List<Double> mean;

  @Option(
      names = "--deviation",
      paramLabel = "X",
      split = ",",
      description =
          "Standard deviation of each channel, or one for all; else 0.5 (cifar10), 0.3530 (idx) or"
              + " ImageNet's 0.229,0.224,0.225 (images; grey 0.226).")
  private @Nullable List<Double> deviation;

  @Option(
      names = "--border",
      paramLabel = "N",
      description =
          "Pixels of black on each side that random crops of training images are taken from; else 4"
              + " (cifar10), 2 (idx) or 0 (images).")
  private @Nullable Integer border;

  @Option(
      names = "--flip",
      negatable = true,
      description = "Whether half of the training images are flipped left to right; else they are.")
  private @Nullable Boolean flip;

  @Option(
      names = "--layout",
      paramLabel = "NAME",
      description =
          "Order of the axes of an image in the network's input: nchw (channels first) or nhwc (channels"
              + " last, as Keras and TensorFlow have it); found from the network's shape if left out.")
  private @Nullable ImageLayout imageLayout;

  @Option(
      names = "--resize",
      paramLabel = "N",
      description =
          "Length in pixels that the shorter side of an image file is resized to before the middle is cut out"
              + " to the network's size; else 8/7 of that size, and no resizing where the size fits.")
  private @Nullable Integer resize;

  /// Returns the folder or file, as typed.
  ///
  /// @throws ParameterException if `--data` was not typed
  public Path directory() {
    if (directory == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '--data=PATH'");
    }
    return directory;
  }

  /// Returns whether `--data` was typed.
  public boolean isGiven() {
    return directory != null;
  }

  /// Opens the data, for any network.
  public Dataset open() {
    Dataset data = layout == null ? Datasets.open(directory()) : Datasets.open(directory(), layout);
    if (resize != null && data.layout() != Layout.IMAGES) {
      throw new ParameterException(
          spec.commandLine(),
          "--resize is for folders of images; %s holds %s"
              .formatted(directory(), data.layout().id()));
    }
    return data;
  }

  /// Opens the data, with images of the network's size.
  public Dataset open(Network network) {
    return NetworkWithData.sized(network, open(), resize, imageLayout);
  }

  /// Returns the preprocessing for a network: values of these options take precedence over the
  /// network's metadata, and these over what is usual for its input and the data's layout.
  ///
  /// @param data images of the network's size, or arrays
  /// @param source file of the network, named in messages
  /// @return null for arrays, which are not preprocessed
  public @Nullable Preprocessing preprocessing(Dataset data, Network network, Path source) {
    if (!areImages(data)) {
      return null;
    }
    Preprocessing usual = NetworkWithData.usual(network, data, source);
    return NetworkWithData.inLayout(network, data, typed(usual, data));
  }

  /// Returns a network whose metadata say how its images are preprocessed.
  ///
  /// @param preprocessing null where samples are arrays
  public static Network described(Network network, @Nullable Preprocessing preprocessing) {
    return preprocessing == null ? network : network.withAddedMetadata(preprocessing.toMetadata());
  }

  /// Returns the preprocessing for training: values of these options, or else the defaults of the
  /// data's layout.
  ///
  /// @return null for arrays, which are not preprocessed
  public @Nullable Preprocessing trainingPreprocessing(Dataset data) {
    if (!areImages(data)) {
      return null;
    }
    if (imageLayout == ImageLayout.NHWC) {
      throw new ParameterException(
          spec.commandLine(), "--layout nhwc: the built-in architectures take channels first");
    }
    return typed(Preprocessing.defaultsOf(data.layout(), data.channels()), data);
  }

  private boolean areImages(Dataset data) {
    boolean isGiven =
        mean != null || deviation != null || border != null || flip != null || imageLayout != null;
    if (!data.layout().isImages() && isGiven) {
      throw new ParameterException(
          spec.commandLine(),
          "--mean, --deviation, --border, --flip and --layout are for images; %s holds arrays, which go in as they are"
              .formatted(directory()));
    }
    return data.layout().isImages();
  }

  private Preprocessing typed(Preprocessing base, Dataset data) {
    try {
      return Preprocessing.of(
              perChannel(mean, base.mean(), data),
              perChannel(deviation, base.deviation(), data),
              Objects.requireNonNullElse(border, base.border()),
              Objects.requireNonNullElse(flip, base.isFlipped()))
          .in(imageLayout != null ? imageLayout : base.layout());
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
