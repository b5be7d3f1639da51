package falcon.prune.options;

import java.util.Arrays;
import java.util.stream.Collectors;

/// The methods to choose and re-fit weights.
public enum Method {
  /// The thorough method: a long search for the support and a long refinement, in one stage or
  /// several (each on fresh samples at the weights reached so far).
  FALCON_PLUS_PLUS("falcon++"),
  /// The quick method: a shorter search, a short refinement, one stage.
  FALCON("falcon"),
  /// The method by weights alone: the squares of the weights decide which are kept (projection onto
  /// the budget), nothing is re-fitted. It needs no data.
  MAGNITUDE("magnitude");

  private final String id;

  Method(String id) {
    this.id = id;
  }

  /// Returns the name on the command line and in reports.
  public String id() {
    return id;
  }

  /// Returns the method with the given name, in upper or lower case.
  ///
  /// @throws IllegalArgumentException if there is none; the message lists all methods
  public static Method of(String id) {
    for (Method method : values()) {
      if (method.id.equalsIgnoreCase(id)) {
        return method;
      }
    }
    throw new IllegalArgumentException(
        "there is no method '%s'; methods are %s"
            .formatted(
                id, Arrays.stream(values()).map(Method::id).collect(Collectors.joining(", "))));
  }
}
