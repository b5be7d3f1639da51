package falcon.projection;

import falcon.budget.Budget;
import falcon.budget.Mask;
import falcon.projection.dual.TwoBudgetDual;
import falcon.projection.group.Chunks;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import falcon.projection.integer.IntegerRounding;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The projection by one pass over all weights.
///
/// 1. [SampledZones] guesses for each cost class a narrow zone of keys that its threshold falls
///    into.
/// 2. The pass marks, counts and sums the weights above the zones, and gathers those inside
///    ([Candidates], about a hundredth of all). Every saliency inside is a group of its own, all
///    weights above are one group, all below another ([ClassGroups#setZone]).
/// 3. [TwoBudgetDual] and [IntegerRounding] run on these groups.
/// 4. The mask is what the pass has marked, and the candidates that are kept.
///
/// The dual function of the groups is that of the weights wherever all thresholds lie in their
/// zones. Both functions are convex, so that a minimum of the one inside the zones is a minimum of
/// the other: the guess decides about speed only. If the optimum, or a choice that might be better,
/// lies outside, the zones are widened once; if that fails too, another method is needed.
final class ZonedProjection {
  /// Standard deviations of the sample's error that the zones allow for, by attempt.
  private static final double[] DEVIATIONS = {5, 20};

  private final CostClasses classes;
  private final SampledZones zones;
  private final Candidates candidates;
  private final MaskWriter writer;
  private final ClassGroups[] groups;
  private final int[] straddled;

  /// @param writer shares its words with the candidates
  ZonedProjection(CostClasses classes, Chunks chunks, Candidates candidates, MaskWriter writer) {
    this.classes = classes;
    this.candidates = candidates;
    this.writer = writer;
    ClassGroups[] sampled = new ClassGroups[classes.count()];
    Arrays.setAll(sampled, c -> new ClassGroups());
    zones = new SampledZones(classes, chunks, sampled);
    groups = new ClassGroups[classes.count()];
    Arrays.setAll(groups, c -> new ClassGroups());
    straddled = new int[classes.count()];
  }

  /// Projects; arguments and errors are those of [BudgetProjection#project].
  ///
  /// @return null if the zones missed the optimum, or would hold too many weights
  @Nullable Projection project(float[] saliency, Budget budget) {
    return project(saliency, saliency, budget);
  }

  /// Projects with a guess from other saliencies.
  ///
  /// @param similar the saliencies that the sample is taken from
  @Nullable Projection project(float[] saliency, float[] similar, Budget budget) {
    zones.sample(similar);
    for (double deviations : DEVIATIONS) {
      if (!zones.span(budget, deviations) || !candidates.gather(saliency, zones)) {
        return null;
      }
      candidates.groupInto(groups, zones);
      TwoBudgetDual dual = new TwoBudgetDual(classes, groups, budget);
      dual.run();
      if (Relaxation.findStraddled(classes, groups, dual, straddled)) {
        continue;
      }
      IntegerRounding finish = new IntegerRounding(classes, groups, dual, budget);
      finish.run(true);
      if (!finish.wantsSplit() && isKnown(finish)) {
        return Relaxation.result(mask(saliency, finish), classes, groups, dual, finish);
      }
    }
    return null;
  }

  /// Returns whether no weight below a zone is kept, where saliencies are not known unless they are
  /// zero.
  private boolean isKnown(IntegerRounding finish) {
    for (int c = 0; c < groups.length; c++) {
      boolean isBelowKept = finish.kept(c) > candidates.above(c) + candidates.inside(c);
      if (isBelowKept && zones.low(c) > 1) {
        return false;
      }
    }
    return true;
  }

  private Mask mask(float[] saliency, IntegerRounding finish) {
    boolean isCutInside = true;
    for (int c = 0; c < groups.length; c++) {
      int kept = finish.kept(c);
      writer.keep(c, groups[c], kept);
      int above = candidates.above(c);
      isCutInside &= above <= kept && kept <= above + candidates.inside(c);
    }
    return isCutInside ? writer.complete(candidates) : writer.write(saliency);
  }
}
