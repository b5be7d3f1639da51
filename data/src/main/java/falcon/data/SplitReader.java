package falcon.data;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads the splits of one data set, as its [Layout] keeps them.
public interface SplitReader {
  /// Whether the split is there.
  boolean has(Split split);

  /// The samples of a split.
  ///
  /// @throws MalformedDataException if they are absent or damaged
  Samples read(Split split);

  /// Whether the samples have a class each.
  default boolean isLabelled() {
    return read(has(Split.TRAIN) ? Split.TRAIN : Split.TEST).isLabelled();
  }

  /// The number of classes.
  ///
  /// @throws IllegalStateException if there are no classes
  default int classes() {
    return read(has(Split.TRAIN) ? Split.TRAIN : Split.TEST).classes();
  }

  /// The same with images of another size.
  ///
  /// @param shortSide length of an image's shorter side before it is cropped, null for what suits
  /// @throws IllegalStateException if the images have a size of their own, or there are none
  default SplitReader sized(Dataset.ImageShape shape, @Nullable Integer shortSide) {
    throw new IllegalStateException("these samples have a size of their own");
  }

  /// The files that hold the data, in a fixed order.
  List<Path> files();
}
