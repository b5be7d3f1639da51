package falcon.model.safetensors;

import falcon.model.DataType;
import java.util.List;
import java.util.Map;

/// What a file says before its numbers.
///
/// @param entries by name, in the file's order
record Header(Map<String, Entry> entries, Map<String, String> metadata) {
  /// The field that holds the metadata, which no tensor can be called.
  static final String METADATA = "__metadata__";

  static final String TYPE = "dtype";
  static final String SHAPE = "shape";
  static final String OFFSETS = "data_offsets";

  /// Longest header, in bytes, as in the reference implementation.
  static final int MOST_BYTES = 100_000_000;

  /// One tensor; its bytes are `begin` to `end`, exclusive, counted from the end of the header.
  record Entry(DataType type, List<Long> shape, long begin, long end) {
    /// The length in bytes.
    long bytes() {
      return end - begin;
    }
  }
}
