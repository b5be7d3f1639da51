package falcon.model;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The name, element type and shape of a graph's input or output.
///
/// @param type element type; null if the value is no tensor or its type is not in [DataType]
/// @param dimensions sizes of the axes; null if the file leaves even their number open
/// @param exampleAxis number of the axis that counts examples, from 0; [#NO_AXIS] if none does and
///     the value is the same for all examples; null if nothing is said, which means the first one
public record ValueInfo(
    String name,
    @Nullable DataType type,
    @Nullable List<Dimension> dimensions,
    @Nullable Integer exampleAxis)
    implements Serializable {
  /// Stands for no axis.
  public static final int NO_AXIS = -1;

  /// Copies the list.
  public ValueInfo {
    dimensions = dimensions == null ? null : List.copyOf(dimensions);
  }

  /// Creates a value of which nothing is said about the axis that counts examples.
  public ValueInfo(String name, @Nullable DataType type, @Nullable List<Dimension> dimensions) {
    this(name, type, dimensions, null);
  }

  /// Returns the number of the axis that counts examples: the first one if nothing else is said.
  ///
  /// @return [#NO_AXIS] if there is none
  public int axisOfExamples() {
    if (exampleAxis != null) {
      return exampleAxis;
    }
    return dimensions != null && dimensions.isEmpty() ? NO_AXIS : 0;
  }

  /// Returns this value with another axis that counts examples.
  ///
  /// @param axis from 0, [#NO_AXIS] for none, or null for the first one, as if nothing were said
  public ValueInfo withExampleAxis(@Nullable Integer axis) {
    return new ValueInfo(name, type, dimensions, axis);
  }

  /// Returns the size of the axis that counts examples.
  ///
  /// @return null if there is no such axis, or nothing is known of it
  public @Nullable Dimension examples() {
    int axis = axisOfExamples();
    return dimensions == null || axis == NO_AXIS || axis >= dimensions.size()
        ? null
        : dimensions.get(axis);
  }

  /// Returns this value with another size of the axis that counts examples.
  ///
  /// @return the value itself if there is no such axis
  public ValueInfo withExamples(Dimension size) {
    if (dimensions == null || examples() == null) {
      return this;
    }
    var changed = new ArrayList<>(dimensions);
    changed.set(axisOfExamples(), size);
    return new ValueInfo(name, type, changed, exampleAxis);
  }

  /// Returns whether the value may have that shape.
  ///
  /// @param shape sizes of all axes
  public boolean takes(List<Long> shape) {
    boolean fits = dimensions == null || dimensions.size() == shape.size();
    for (int i = 0; i < shape.size() && fits; i++) {
      fits =
          shape.get(i) > 0
              && (dimensions == null
                  || !(dimensions.get(i) instanceof Dimension.Fixed(long size))
                  || size == shape.get(i));
    }
    return fits;
  }

  /// Returns whether examples may have that shape.
  ///
  /// @param exampleShape sizes of all axes but the one that counts examples
  public boolean takesExample(List<Long> exampleShape) {
    return fixedTo(exampleShape) != null;
  }

  /// Returns this value with every axis fixed but the one that counts examples.
  ///
  /// @param exampleShape sizes of the other axes, 1 or more each
  /// @throws IllegalArgumentException if the axes differ in number, or one is fixed to another size
  ValueInfo withExampleShape(List<Long> exampleShape) {
    List<Dimension> fixed = fixedTo(exampleShape);
    if (fixed == null) {
      throw new IllegalArgumentException(
          "input '%s' does not take examples of shape %s".formatted(this, exampleShape));
    }
    return new ValueInfo(name, type, fixed, exampleAxis);
  }

  private @Nullable List<Dimension> fixedTo(List<Long> exampleShape) {
    int axis = axisOfExamples();
    int rank = exampleShape.size() + (axis == NO_AXIS ? 0 : 1);
    if (axis >= rank || (dimensions != null && dimensions.size() != rank)) {
      return null;
    }
    var fixed = new ArrayList<Dimension>();
    for (int i = 0; i < rank; i++) {
      Dimension declared = dimensions == null ? new Dimension.Symbolic("") : dimensions.get(i);
      if (i == axis) {
        fixed.add(declared);
        continue;
      }
      long size = exampleShape.get(axis != NO_AXIS && i > axis ? i - 1 : i);
      if (size < 1 || (declared instanceof Dimension.Fixed(long known) && known != size)) {
        return null;
      }
      fixed.add(new Dimension.Fixed(size));
    }
    return fixed;
  }

  @Override
  public String toString() {
    return name + " " + (type == null ? "?" : type) + (dimensions == null ? "[…]" : dimensions);
  }
}
