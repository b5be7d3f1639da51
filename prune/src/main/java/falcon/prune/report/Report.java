package falcon.prune.report;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.prune.options.Measure;
import falcon.prune.plan.PruningPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a pruning run did, in numbers; all counts are those of the pruned network itself.
///
/// @param measure what networks were judged by: all percentages below are of it
/// @param macs multiply-accumulates of one example
/// @param nnz number of weights
/// @param validation percentages on the held-out part of the training split, null where there is no data
/// @param test percentages on the test split, null if that is not there or not read
/// @param certificate of the last projection
/// @param layers prunable layers in graph order
/// @param effectiveRows of the gradient matrix, null where none was made
/// @param stages in order
/// @param seconds by phase, in order of first occurrence
/// @param peakMemoryBytes greatest resident memory of the process, 0 if unknown
/// @param replacedKernels computations of libtorch that are wrong on this machine, by name: what is wrong
///     and what was used instead; empty where all are right
/// @param warnings what the user should know
public record Report(
    Measure measure,
    Used macs,
    Used nnz,
    @Nullable Accuracy validation,
    @Nullable Accuracy test,
    Certificate certificate,
    List<LayerReport> layers,
    @Nullable Double effectiveRows,
    List<StageReport> stages,
    Map<String, Double> seconds,
    long peakMemoryBytes,
    Map<String, String> replacedKernels,
    List<String> warnings) {

  public Report {
    layers = List.copyOf(layers);
    stages = List.copyOf(stages);
    seconds = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(seconds));
    replacedKernels =
        java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(replacedKernels));
    warnings = List.copyOf(warnings);
  }

  /// MACs that a mask keeps.
  public static Used macs(PruningPlan plan, Mask mask) {
    return new Used(
        plan.asked().macs().toString(),
        plan.budget().maxMacs(),
        mask.macs(plan.costs()),
        plan.costs().totalMacs());
  }

  /// Weights that a mask keeps.
  public static Used nnz(PruningPlan plan, Mask mask) {
    return new Used(
        plan.asked().nnz().toString(),
        plan.budget().maxNnz(),
        mask.keptCount(),
        plan.costs().weightCount());
  }

  /// What a mask keeps of each prunable layer, in graph order.
  public static List<LayerReport> layers(PruningPlan plan, Mask mask) {
    var layers = new ArrayList<LayerReport>();
    for (int l = 0; l < plan.layers().size(); l++) {
      CostTable.Layer layer = plan.costs().layers().get(l);
      long kept = mask.keptCount(layer);
      layers.add(
          new LayerReport(
              layer.name(),
              plan.layers().get(l).shape(),
              layer.count(),
              kept,
              layer.macs(),
              kept * layer.macsPerWeight()));
    }
    return layers;
  }

  /// One resource.
  ///
  /// @param asked as the user wrote it
  /// @param limit what that allows, inclusive
  /// @param used what the kept weights cost
  /// @param total what all prunable weights cost; 0 where that is not known, or nothing
  public record Used(String asked, long limit, long used, long total) {
    /// Share of the total that is used, in percent; 100 of nothing.
    public double percent() {
      return total == 0 ? 100 : 100.0 * used / total;
    }
  }

  /// Networks judged by the report's measure, in percent.
  ///
  /// @param dense before pruning
  /// @param pruned after pruning and re-fitting
  /// @param refreshed with BatchNormalization refreshed as well, null if that was not tried
  /// @param finalAccuracy of the network as it is given back
  public record Accuracy(
      double dense, double pruned, @Nullable Double refreshed, double finalAccuracy) {}

  /// What the projection proved.
  ///
  /// @param value total saliency of the kept weights
  /// @param bound no choice within the budget has more
  /// @param gap bound − value
  public record Certificate(double value, double bound, double gap) {
    /// Gap as a share of the bound.
    public double relativeGap() {
      return bound > 0 ? gap / bound : 0;
    }
  }

  /// One prunable layer.
  ///
  /// @param weights how many it has
  /// @param kept how many were kept
  /// @param macs of all its weights
  /// @param macsKept of the kept ones
  public record LayerReport(
      String name, List<Long> shape, long weights, long kept, long macs, long macsKept) {
    public LayerReport {
      shape = List.copyOf(shape);
    }
  }

  /// One stage.
  ///
  /// @param macs kept
  /// @param nnz kept
  /// @param validation percent of the report's measure
  /// @param seconds what the stage took
  /// @param notes what a reader should know of how it was done
  public record StageReport(
      long macs, long nnz, double validation, double seconds, List<StageNote> notes) {
    public StageReport {
      notes = List.copyOf(notes);
    }
  }
}
