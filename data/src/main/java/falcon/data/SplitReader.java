package falcon.data;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads the splits of one data set from the files of its [Layout].
public interface SplitReader {
  /// Returns whether the split exists.
  boolean has(Split split);

  /// Reads the samples of a split.
  ///
  /// @throws MalformedDataException if they are absent or damaged
  Samples read(Split split);

  /// Returns whether each sample has a class.
  default boolean isLabelled() {
    return read(has(Split.TRAIN) ? Split.TRAIN : Split.TEST).isLabelled();
  }

  /// Returns the number of classes.
  ///
  /// @throws IllegalStateException if there are no classes
  default int classes() {
    return read(has(Split.TRAIN) ? Split.TRAIN : Split.TEST).classes();
  }

  /// Returns this reader with images of another size.
  ///
  /// @param shortSide length of an image's shorter side before it is cropped, null for the default
  ///     that suits `shape`
  /// @throws IllegalStateException if the images have a fixed size, or the samples are not images
  default SplitReader sized(Dataset.ImageShape shape, @Nullable Integer shortSide) {
    throw new IllegalStateException("these samples have a size of their own");
  }

  /// Returns the files that hold the data, in a fixed order.
  List<Path> files();
}
