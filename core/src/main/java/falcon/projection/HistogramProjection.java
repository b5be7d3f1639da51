package falcon.projection;

import falcon.budget.Budget;
import falcon.projection.dual.TwoBudgetDual;
import falcon.projection.group.Chunks;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import falcon.projection.group.SaliencyHistogram;
import falcon.projection.integer.IntegerRounding;
import java.util.Arrays;

/// The projection by several passes over all weights: for saliencies with so many ties, or budgets
/// so tight, that [ZonedProjection] gives up.
///
/// 1. One pass counts and sums saliencies by cost class and leading bits ([SaliencyHistogram],
///    [ClassGroups]).
/// 2. [TwoBudgetDual] finds the multipliers for these groups. Further passes split the groups that
///    a threshold falls into until the multipliers are exact.
/// 3. [IntegerRounding] rounds to whole weights; it may ask for more groups to be split.
/// 4. [MaskWriter] writes the mask in a last pass.
final class HistogramProjection {
  private final CostClasses classes;
  private final SaliencyHistogram histogram;
  private final MaskWriter writer;
  private final ClassGroups[] groups;

  HistogramProjection(CostClasses classes, Chunks chunks, MaskWriter writer) {
    this.classes = classes;
    this.writer = writer;
    histogram = new SaliencyHistogram(classes, chunks);
    groups = new ClassGroups[classes.count()];
    Arrays.setAll(groups, c -> new ClassGroups());
  }

  /// Projects; arguments and errors are those of [BudgetProjection#project].
  Projection project(float[] saliency, Budget budget) {
    histogram.group(saliency, groups);
    TwoBudgetDual dual = new TwoBudgetDual(classes, groups, budget);
    IntegerRounding finish = new IntegerRounding(classes, groups, dual, budget);
    int[] splitAt = new int[groups.length];
    while (true) {
      dual.run();
      if (Relaxation.findStraddled(classes, groups, dual, splitAt)) {
        histogram.split(saliency, groups, splitAt);
        continue;
      }
      finish.run(true);
      if (finish.wantsSplit()) {
        histogram.split(saliency, groups, finish.splitAt());
        continue;
      }
      for (int c = 0; c < groups.length; c++) {
        writer.keep(c, groups[c], finish.kept(c));
      }
      return Relaxation.result(writer.write(saliency), classes, groups, dual, finish);
    }
  }
}
