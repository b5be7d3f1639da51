package falcon.data;

import java.util.Arrays;
import java.util.stream.Collectors;

/// The layout of a data set's files.
public enum Layout {
  /// The official binaries of CIFAR-10: any of `data_batch_1.bin` to `data_batch_5.bin`, and
  /// `test_batch.bin`; an image is a label byte and 3,072 bytes, planes R, G, B of 32×32.
  ///
  /// Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images".
  CIFAR10("cifar10", "data_batch_1.bin .. data_batch_5.bin, test_batch.bin"),

  /// The idx files of MNIST and Fashion-MNIST: `train-images-idx3-ubyte`,
  /// `train-labels-idx1-ubyte` and the same with `t10k`, plain or with `.gz`; one grey channel.
  ///
  /// Source: LeCun, Cortes, Burges, "The MNIST database", section on file formats.
  IDX(
      "idx",
      "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,"
          + " t10k-labels-idx1-ubyte (each plain or .gz)"),

  /// Folders of image files (PNG, JPEG, BMP, GIF, TIFF, WebP): one folder per class, in `train` and
  /// `val` (or `test`), or in the folder itself as a training split alone. The labels are the
  /// places of the sorted names, unless [Dataset#forClasses] asks for others. Images without class
  /// folders have no classes. Images are decoded when they are needed, and cropped to the size that
  /// the network takes.
  IMAGES(
      "images",
      "folders of image files (.png, .jpg, .webp and others), one a class, in train and val or test"),

  /// NumPy arrays, named like the inputs of the network; the first axis counts samples. `train.npz`
  /// and `test.npz` (or `val.npz`), or folders of these names with one `.npy` file per array;
  /// `.npy` files in the folder itself, or a single file of either kind, are a training split
  /// alone. An array `labels`, `label`, `targets`, `target` or `y` holds the classes, which are
  /// optional.
  ///
  /// Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
  ARRAYS("arrays", "train.npz, test.npz, or .npy files; or a single .npz or .npy file");

  private final String id;
  private final String files;

  Layout(String id, String files) {
    this.id = id;
    this.files = files;
  }

  /// Returns the name that users type.
  public String id() {
    return id;
  }

  /// Returns whether the samples are images, which are preprocessed.
  public boolean isImages() {
    return switch (this) {
      case CIFAR10, IDX, IMAGES -> true;
      case ARRAYS -> false;
    };
  }

  /// Returns the file names of this layout, for messages.
  public String files() {
    return files;
  }

  /// Returns the layout of a name, in upper or lower case.
  ///
  /// @param id the name that users type, for example `cifar10`
  /// @throws IllegalArgumentException if there is no such layout; the message lists the layouts
  public static Layout of(String id) {
    return Arrays.stream(values())
        .filter(layout -> layout.id.equalsIgnoreCase(id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "data format '%s' is unknown; known are %s"
                    .formatted(
                        id,
                        Arrays.stream(values())
                            .map(Layout::id)
                            .collect(Collectors.joining(", ")))));
  }
}
