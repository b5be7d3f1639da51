package falcon.model.safetensors;

import falcon.model.DataType;
import java.util.List;
import java.util.Map;

/// The header of a file.
///
/// @param entries entries by name, in the file's order
record Header(Map<String, Entry> entries, Map<String, String> metadata) {
  /// The field that holds the metadata, a name that no tensor can have.
  static final String METADATA = "__metadata__";

  static final String TYPE = "dtype";
  static final String SHAPE = "shape";
  static final String OFFSETS = "data_offsets";

  /// Greatest length of a header in bytes, as in the reference implementation.
  static final int MOST_BYTES = 100_000_000;

  /// One tensor; its bytes are `begin` to `end`, exclusive, counted from the end of the header.
  record Entry(DataType type, List<Long> shape, long begin, long end) {
    /// Returns the length in bytes.
    long bytes() {
      return end - begin;
    }
  }
}
