package falcon.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// Named tensors in file order, and the file's text metadata: what a checkpoint holds of a network.
public record StateDict(Map<String, Tensor> tensors, Map<String, String> metadata) {
  public StateDict {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }
}
