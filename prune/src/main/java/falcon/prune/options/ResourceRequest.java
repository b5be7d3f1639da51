package falcon.prune.options;

import java.util.Set;

/// A budget of one resource besides multiply-accumulates and weights: time, bytes, energy, …
/// Immutable.
///
/// @param name its name in reports and in `result.json`, unique within a request
/// @param amount how much of it the pruned network may use
/// @param costs what the weights cost
public record ResourceRequest(String name, ResourceAmount amount, CostModel costs) {
  private static final Set<String> TAKEN = Set.of("macs", "nnz", "resources");

  /// Checks the name.
  ///
  /// @throws IllegalArgumentException if the name is that of a built-in budget, or not made of
  ///     letters, digits, `.`, `-` and `_`
  public ResourceRequest {
    if (TAKEN.contains(name) || !name.matches("[\\p{L}\\p{N}._-]+")) {
      throw new IllegalArgumentException(
          "'%s' cannot be the name of a resource: it is made of letters, digits, '.', '-' and '_', and none of %s"
              .formatted(name, TAKEN.stream().sorted().toList()));
    }
  }

  @Override
  public String toString() {
    return name + "=" + amount;
  }
}
