package falcon.prune.options;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How much work a run does for accuracy: a method, and the number of its refinement steps.
///
/// ```java
/// PruningOptions options = PruningOptions.builder().effort(Effort.HIGH).build();
/// System.out.println(Effort.parse("5000").steps());
/// ```
///
/// @param method the method
/// @param steps number of refinement steps of the last stage, 1 to [RefinementOptions#MOST_STEPS];
///     null for those that the method takes by itself
public record Effort(Method method, @Nullable Integer steps) {
  /// Seconds for a small network: [Method#FALCON].
  public static final Effort QUICK = new Effort(Method.FALCON, null);

  /// A minute or so for a small network: [Method#FALCON_PLUS_PLUS].
  public static final Effort NORMAL = new Effort(Method.FALCON_PLUS_PLUS, null);

  /// Ten minutes or so for a small network: [Method#FALCON_PLUS_PLUS] with 8,000 steps.
  public static final Effort HIGH = new Effort(Method.FALCON_PLUS_PLUS, 8_000);

  /// Checks the number of steps.
  ///
  /// @throws PruningException if it is out of its range
  public Effort {
    if (steps != null && (steps < 1 || steps > RefinementOptions.MOST_STEPS)) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s is quick, normal, high or a number of steps, 1 to %,d, got %s."
              .formatted(Option.EFFORT, RefinementOptions.MOST_STEPS, steps));
    }
  }

  /// Returns the effort of the given name, in upper or lower case, or number of steps of
  /// [Method#FALCON_PLUS_PLUS].
  ///
  /// @throws IllegalArgumentException if the text is neither; the message lists what is possible
  /// @throws PruningException if a number is out of its range
  public static Effort parse(String text) {
    return switch (text.strip().toLowerCase(Locale.ROOT)) {
      case "quick" -> QUICK;
      case "normal" -> NORMAL;
      case "high" -> HIGH;
      default -> new Effort(Method.FALCON_PLUS_PLUS, number(text.strip()));
    };
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'%s' is none of quick, normal, high and no number of steps".formatted(text), e);
    }
  }
}
