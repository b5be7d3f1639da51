package falcon.model.shape;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The shapes of all values of a network for given shapes of its inputs.
public final class Shapes {
  private final SequencedMap<String, List<Long>> byValue;

  Shapes(Map<String, List<Long>> byValue) {
    this.byValue = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(byValue));
  }

  /// Returns the shape of a value.
  ///
  /// @throws IllegalArgumentException if the network has no value of that name
  public List<Long> of(String value) {
    List<Long> shape = byValue.get(value);
    if (shape == null) {
      throw new IllegalArgumentException("the network has no value '%s'".formatted(value));
    }
    return shape;
  }

  /// Returns all shapes, in the order in which the values are computed.
  public SequencedMap<String, List<Long>> byValue() {
    return byValue;
  }
}
