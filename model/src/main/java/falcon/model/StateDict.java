package falcon.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// The content of a checkpoint: named tensors in file order, and the file's text metadata.
public record StateDict(Map<String, Tensor> tensors, Map<String, String> metadata) {
  /// Copies the maps, keeping their order.
  public StateDict {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }
}
