package falcon.prune.method;

import falcon.budget.Mask;
import falcon.projection.Projection;
import falcon.projection.ResourceUse;
import java.util.ArrayList;
import java.util.List;

/// The numbers of a projection without its mask, in a form that can be stored; all counts are far
/// below 2⁵³.
final class ProjectionNumbers {
  /// Place of the first number of further resources.
  private static final int FURTHER = 10;

  /// Numbers of each further resource.
  private static final int OF_USE = 3;

  private ProjectionNumbers() {}

  static List<Double> of(Projection projection) {
    var numbers =
        new ArrayList<>(
            List.of(
                projection.value(),
                projection.bound(),
                projection.gap(),
                projection.alpha(),
                projection.mu(),
                (double) projection.nnz(),
                (double) projection.macs(),
                (double) projection.nnzSlack(),
                (double) projection.macsSlack(),
                projection.isOptimal() ? 1.0 : 0.0));
    for (ResourceUse use : projection.further()) {
      numbers.addAll(List.of(use.multiplier(), (double) use.used(), (double) use.slack()));
    }
    return List.copyOf(numbers);
  }

  /// @param numbers the numbers that [#of] returned
  /// @param resources names of the further resources, of which the first ones may be limited
  static Projection projection(Mask mask, List<Double> numbers, List<String> resources) {
    var further = new ArrayList<ResourceUse>();
    for (int at = FURTHER; at < numbers.size(); at += OF_USE) {
      further.add(
          new ResourceUse(
              resources.get(further.size()),
              numbers.get(at),
              numbers.get(at + 1).longValue(),
              numbers.get(at + 2).longValue()));
    }
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
        numbers.get(9) != 0,
        further);
  }
}
