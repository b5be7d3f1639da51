package falcon.prune.method;

import falcon.budget.Mask;
import falcon.projection.Projection;
import java.util.List;

/// The numbers of a projection without its mask, in a form that can be stored; all counts are far
/// below 2⁵³.
final class ProjectionNumbers {
  private ProjectionNumbers() {}

  static List<Double> of(Projection projection) {
    return List.of(
        projection.value(),
        projection.bound(),
        projection.gap(),
        projection.alpha(),
        projection.mu(),
        (double) projection.nnz(),
        (double) projection.macs(),
        (double) projection.nnzSlack(),
        (double) projection.macsSlack(),
        projection.isOptimal() ? 1.0 : 0.0);
  }

  /// @param numbers the numbers that [#of] returned
  static Projection projection(Mask mask, List<Double> numbers) {
    return new Projection(
        mask,
        numbers.get(0),
        numbers.get(1),
        numbers.get(2),
        numbers.get(3),
        numbers.get(4),
        numbers.get(5).longValue(),
        numbers.get(6).longValue(),
        numbers.get(7).longValue(),
        numbers.get(8).longValue(),
        numbers.get(9) != 0);
  }
}
