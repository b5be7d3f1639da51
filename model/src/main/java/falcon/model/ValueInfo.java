package falcon.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Name, element type and shape of a graph's input or output.
///
/// @param type null if it is no tensor or of an element type that [DataType] lacks
/// @param dimensions null if the file leaves even the number of axes open
public record ValueInfo(
    String name, @Nullable DataType type, @Nullable List<Dimension> dimensions) {
  public ValueInfo {
    dimensions = dimensions == null ? null : List.copyOf(dimensions);
  }

  @Override
  public String toString() {
    return name + " " + (type == null ? "?" : type) + (dimensions == null ? "[…]" : dimensions);
  }
}
