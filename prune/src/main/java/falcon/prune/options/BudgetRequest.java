package falcon.prune.options;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The budget that a user asks for; all limits hold. Immutable.
///
/// @param macs multiply-accumulates of one example that the prunable weights may cost: a share of
///     those of all prunable weights, or a number
/// @param nnz number of prunable weights that may remain
/// @param resources budgets of further resources, in the order in which reports name them
public record BudgetRequest(Amount macs, NnzRule nnz, List<ResourceRequest> resources) {
  /// Copies the list and checks the names.
  ///
  /// @throws IllegalArgumentException if a resource has two budgets
  public BudgetRequest {
    resources = List.copyOf(resources);
    var names = new HashSet<String>();
    for (ResourceRequest resource : resources) {
      if (!names.add(resource.name())) {
        throw new IllegalArgumentException(
            "there are two budgets of '%s'; give one".formatted(resource.name()));
      }
    }
  }

  /// Creates a budget without further resources.
  public BudgetRequest(Amount macs, NnzRule nnz) {
    this(macs, nnz, List.of());
  }

  /// Returns a budget of MACs alone; the number of weights follows ([NnzRule.Auto]).
  ///
  /// @param share more than 0, at most 1
  /// @throws IllegalArgumentException if the share is out of its range
  public static BudgetRequest macs(double share) {
    return new BudgetRequest(new Amount.Share(share), new NnzRule.Auto());
  }

  /// Returns a budget of weights alone; MACs are not limited, and need not be known.
  ///
  /// @param share more than 0, at most 1
  /// @throws IllegalArgumentException if the share is out of its range
  public static BudgetRequest nnz(double share) {
    return new BudgetRequest(new Amount.Share(1), new NnzRule.Limit(new Amount.Share(share)));
  }

  /// Returns a budget of one further resource alone; MACs and weights are not limited.
  public static BudgetRequest of(ResourceRequest resource) {
    return new BudgetRequest(new Amount.Share(1), new NnzRule.Free(), List.of(resource));
  }

  /// Returns the same budget with another rule for the number of weights.
  public BudgetRequest withNnz(NnzRule rule) {
    return new BudgetRequest(macs, rule, resources);
  }

  /// Returns the same budget with that of a further resource.
  ///
  /// @throws IllegalArgumentException if there is one of that name
  public BudgetRequest and(ResourceRequest resource) {
    return new BudgetRequest(
        macs, nnz, Stream.concat(resources.stream(), Stream.of(resource)).toList());
  }

  @Override
  public String toString() {
    return Stream.concat(
            Stream.of("macs=" + macs, "nnz=" + nnz),
            resources.stream().map(ResourceRequest::toString))
        .collect(Collectors.joining(", "));
  }
}
