package falcon.data;

import java.nio.file.Path;
import java.util.List;

/// Reads the splits of one data set, as its [Layout] keeps them.
interface SplitReader {
  /// Whether the split is there.
  boolean has(Split split);

  /// The samples of a split.
  ///
  /// @throws MalformedDataException if they are absent or damaged
  Samples read(Split split);

  /// The files that hold the data, in a fixed order.
  List<Path> files();
}
