package falcon.data;

import java.nio.file.Path;
import java.util.Collection;
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

  /// Returns whether the samples of a split that exists have classes.
  default boolean isLabelled(Split split) {
    return read(split).isLabelled();
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

  /// Returns this reader for a network with inputs of these names, which are no names of other
  /// things then.
  default SplitReader forInputs(Collection<String> names) {
    return this;
  }

  /// Returns this reader for a network that tells a number of classes apart, which may be more than
  /// the data have samples of.
  ///
  /// @throws MalformedDataException if nothing tells which of the network's classes the samples are
  ///     of
  default SplitReader forClasses(int count) {
    return this;
  }

  /// Returns what was ignored on purpose, for people, one text each.
  default List<String> notes() {
    return List.of();
  }

  /// Returns what was left out that may have been meant, for people, one text each.
  default List<String> warnings() {
    return List.of();
  }

  /// Returns the files that hold the data, in a fixed order.
  List<Path> files();
}
