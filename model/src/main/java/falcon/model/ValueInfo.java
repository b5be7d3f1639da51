package falcon.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The name, element type and shape of a graph's input or output.
///
/// @param type element type; null if the value is no tensor or its type is not in [DataType]
/// @param dimensions sizes of the axes; null if the file leaves even their number open
public record ValueInfo(
    String name, @Nullable DataType type, @Nullable List<Dimension> dimensions) {
  /// Copies the list.
  public ValueInfo {
    dimensions = dimensions == null ? null : List.copyOf(dimensions);
  }

  /// Returns this value with every axis but the first fixed.
  ///
  /// @param exampleShape sizes of the axes behind the first, 1 or more each
  /// @throws IllegalArgumentException if the axes differ in number, or one is fixed to another size
  ValueInfo withExampleShape(List<Long> exampleShape) {
    boolean fits =
        (dimensions == null || dimensions.size() == exampleShape.size() + 1)
            && exampleShape.stream().allMatch(size -> size > 0);
    for (int i = 0; fits && dimensions != null && i < exampleShape.size(); i++) {
      fits =
          !(dimensions.get(i + 1) instanceof Dimension.Fixed(long size))
              || size == exampleShape.get(i);
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "input '%s' does not take examples of shape %s".formatted(this, exampleShape));
    }
    var fixed = new ArrayList<Dimension>();
    fixed.add(dimensions == null ? new Dimension.Symbolic("") : dimensions.getFirst());
    exampleShape.forEach(size -> fixed.add(new Dimension.Fixed(size)));
    return new ValueInfo(name, type, fixed);
  }

  @Override
  public String toString() {
    return name + " " + (type == null ? "?" : type) + (dimensions == null ? "[…]" : dimensions);
  }
}
