package falcon.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The first axis of a network's inputs, which counts examples.
public final class BatchAxis {
  private BatchAxis() {}

  /// Returns the number of examples that a network takes at a time if its file fixes that number,
  /// as exports without a dynamic axis do.
  ///
  /// @return null if it takes any number
  /// @throws IllegalArgumentException if two inputs fix different numbers, or one has no axis at
  ///     all
  public static @Nullable Integer fixedSize(Network network) {
    ValueInfo first = null;
    Integer fixed = null;
    for (ValueInfo input : network.inputs()) {
      List<Dimension> dimensions = input.dimensions();
      if (dimensions == null) {
        continue;
      }
      if (dimensions.isEmpty()) {
        throw new IllegalArgumentException(
            "input '%s' has no axis that counts examples".formatted(input));
      }
      if (dimensions.getFirst() instanceof Dimension.Fixed(long size)) {
        if (fixed != null && fixed != size) {
          throw new IllegalArgumentException(
              "inputs '%s' and '%s' fix different numbers of examples".formatted(first, input));
        }
        first = input;
        fixed = Math.toIntExact(size);
      }
    }
    return fixed;
  }
}
