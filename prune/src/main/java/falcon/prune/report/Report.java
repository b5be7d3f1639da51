package falcon.prune.report;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.SparsityPattern;
import falcon.model.layer.PruningReach;
import falcon.projection.Projection;
import falcon.prune.options.Measure;
import falcon.prune.plan.PlannedResource;
import falcon.prune.plan.PruningPlan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The report of a pruning run, in numbers. Immutable; all counts are those of the pruned network
/// itself.
public final class Report {
  private final Used macs;
  private final Used nnz;
  private final List<ResourceReport> resources;
  private final @Nullable Measured measured;
  private final @Nullable Part networkMacs;
  private final Part networkWeights;
  private final List<LayerReport> layers;
  private final Choice choice;
  private final @Nullable Measure measure;
  private final @Nullable Measure testMeasure;
  private final @Nullable Accuracy validation;
  private final @Nullable Accuracy test;
  private final @Nullable HeldOut heldOut;
  private final @Nullable DropEstimate drop;
  private final @Nullable DropLimit dropLimit;
  private final Map<String, LayerOutcome> outcomes;
  private final List<StageReport> stages;
  private final Map<String, Double> seconds;
  private final long peakMemoryBytes;
  private final Map<String, String> replacedKernels;
  private final List<String> warnings;
  private final SparsityPattern pattern;

  private Report(Builder builder) {
    macs = builder.macs;
    nnz = builder.nnz;
    resources = builder.resources;
    measured = null;
    networkMacs = builder.networkMacs;
    networkWeights = builder.networkWeights;
    layers = builder.layers;
    choice = builder.choice;
    measure = builder.measure;
    testMeasure = builder.testMeasure;
    validation = builder.validation;
    test = builder.test;
    heldOut = builder.heldOut;
    drop = builder.drop;
    dropLimit = builder.dropLimit;
    outcomes = builder.outcomes;
    stages = builder.stages;
    seconds = builder.seconds;
    peakMemoryBytes = builder.peakMemoryBytes;
    replacedKernels = builder.replacedKernels;
    warnings = builder.warnings;
    pattern = builder.pattern;
  }

  private Report(Report other, @Nullable Measured measured) {
    this.measured = measured;
    macs = other.macs;
    nnz = other.nnz;
    resources = other.resources;
    networkMacs = other.networkMacs;
    networkWeights = other.networkWeights;
    layers = other.layers;
    choice = other.choice;
    measure = other.measure;
    testMeasure = other.testMeasure;
    validation = other.validation;
    test = other.test;
    heldOut = other.heldOut;
    drop = other.drop;
    dropLimit = other.dropLimit;
    outcomes = other.outcomes;
    stages = other.stages;
    seconds = other.seconds;
    peakMemoryBytes = other.peakMemoryBytes;
    replacedKernels = other.replacedKernels;
    warnings = other.warnings;
    pattern = other.pattern;
  }

  /// Returns the same report with a measured resource.
  public Report with(Measured value) {
    return new Report(this, value);
  }

  /// Returns what was measured of a resource on the pruned network, null if nothing was.
  public @Nullable Measured measured() {
    return measured;
  }

  /// Creates a builder with the weights that a mask keeps within a plan; everything else is empty,
  /// or 0, until it is set.
  ///
  /// @param mask the mask of the prunable weights, in the order of `plan.costs()`
  /// @param choice quality of the choice of these weights
  public static Builder builder(PruningPlan plan, Mask mask, Choice choice) {
    return new Builder(plan, mask, choice);
  }

  /// Returns the prunable layers of a plan, in graph order, with what a mask keeps of them.
  ///
  /// @param mask of the prunable weights, in the order of `plan.costs()`
  public static List<LayerReport> layers(PruningPlan plan, Mask mask) {
    var layers = new ArrayList<LayerReport>();
    for (int l = 0; l < plan.layers().size(); l++) {
      CostTable.Layer layer = plan.costs().layers().get(l);
      layers.add(
          new LayerReport(
              layer.name(),
              plan.layers().get(l).shape(),
              layer.count(),
              mask.keptCount(layer),
              layer.macsPerWeight()));
    }
    return List.copyOf(layers);
  }

  /// Returns the use of a plan's further resources by a mask.
  ///
  /// @param certificate has the prices; null where they are not known
  public static List<ResourceReport> resources(
      PruningPlan plan, Mask mask, @Nullable Certificate certificate) {
    var reports = new ArrayList<ResourceReport>();
    for (int r = 0; r < plan.resources().size(); r++) {
      PlannedResource resource = plan.resources().get(r);
      reports.add(
          new ResourceReport(
              resource,
              resource.fixed() + plan.costs().further().used(mask, r),
              certificate == null ? null : certificate.prices().get(resource.name())));
    }
    return List.copyOf(reports);
  }

  /// Returns what networks were judged by: all percentages of the report are of it, but those on
  /// the test split if [#testMeasure] is another one. Null where there is no data, so that nothing
  /// was measured.
  public @Nullable Measure measure() {
    return measure;
  }

  /// Returns what networks were judged by on the test split: [Measure#ACCURACY] where it has labels
  /// and the training split has none, else as [#measure].
  public @Nullable Measure testMeasure() {
    return testMeasure;
  }

  /// Returns the multiply-accumulates of one example.
  public Used macs() {
    return macs;
  }

  /// Returns the numbers of weights.
  public Used nnz() {
    return nnz;
  }

  /// Returns the use of further resources that have budgets, in the order of the request.
  public List<ResourceReport> resources() {
    return resources;
  }

  /// Returns the multiply-accumulates of one example that stay of the whole network, whether they
  /// can be pruned or not; null if some of them are not known.
  public @Nullable Part networkMacs() {
    return networkMacs;
  }

  /// Returns the numbers of weights that stay in all layers, whether they can be pruned or not.
  public Part networkWeights() {
    return networkWeights;
  }

  /// Returns the percentages on the held-out part of the training split, null where there is no
  /// data, or so little that nothing is held out.
  public @Nullable Accuracy validation() {
    return validation;
  }

  /// Returns how far [#validation] can be trusted, null where there is no data.
  public @Nullable HeldOut heldOut() {
    return heldOut;
  }

  /// Returns how much lower the returned network's quality is than the dense network's on the same
  /// held-out samples; null where there are too few.
  public @Nullable DropEstimate drop() {
    return drop;
  }

  /// Returns the search that found the budget; null where the budget was asked for.
  public @Nullable DropLimit dropLimit() {
    return dropLimit;
  }

  /// Returns the percentages on the test split, null if it does not exist or was not read.
  public @Nullable Accuracy test() {
    return test;
  }

  /// Returns the shape that the zeros of each layer were asked to have.
  public SparsityPattern pattern() {
    return pattern;
  }

  /// Returns the certificate of the last projection; null where the mask was given.
  public @Nullable Certificate certificate() {
    return choice.certificate();
  }

  /// Returns the effective number of rows of the gradient matrix, null where there was none.
  public @Nullable Double effectiveRows() {
    return choice.effectiveRows();
  }

  /// Returns the prunable layers, in graph order.
  public List<LayerReport> layers() {
    return layers;
  }

  /// Returns what became of single layers by name, as far as it is known: empty where nothing was
  /// executed.
  public Map<String, LayerOutcome> outcomes() {
    return outcomes;
  }

  /// Returns the stages, in order; empty where there are no data.
  public List<StageReport> stages() {
    return stages;
  }

  /// Returns the seconds of each phase, in order of first occurrence.
  public Map<String, Double> seconds() {
    return seconds;
  }

  /// Returns the greatest resident memory of the process in bytes, 0 if unknown.
  public long peakMemoryBytes() {
    return peakMemoryBytes;
  }

  /// Returns the computations of libtorch that are wrong on this machine, by name, with a
  /// description of the error and its replacement; empty where all are right.
  public Map<String, String> replacedKernels() {
    return replacedKernels;
  }

  /// Returns the warnings for the user, one text each.
  public List<String> warnings() {
    return warnings;
  }

  /// Collects the results of a run.
  public static final class Builder {
    private final Used macs;
    private final Used nnz;
    private final List<ResourceReport> resources;
    private final @Nullable Part networkMacs;
    private final Part networkWeights;
    private final List<LayerReport> layers;
    private final Choice choice;
    private @Nullable Measure measure;
    private @Nullable Measure testMeasure;
    private @Nullable Accuracy validation;
    private @Nullable Accuracy test;
    private @Nullable HeldOut heldOut;
    private @Nullable DropEstimate drop;
    private @Nullable DropLimit dropLimit;
    private Map<String, LayerOutcome> outcomes = Map.of();
    private final SparsityPattern pattern;
    private List<StageReport> stages = List.of();
    private Map<String, Double> seconds = Map.of();
    private long peakMemoryBytes;
    private Map<String, String> replacedKernels = Map.of();
    private List<String> warnings = List.of();

    private Builder(PruningPlan plan, Mask mask, Choice choice) {
      pattern = plan.pattern();
      macs =
          new Used(
              plan.asked().macs().toString(),
              plan.budget().maxMacs(),
              mask.macs(plan.costs()),
              plan.costs().totalMacs());
      nnz =
          new Used(
              plan.asked().nnz().toString(),
              plan.budget().maxNnz(),
              mask.keptCount(),
              plan.costs().weightCount());
      resources = Report.resources(plan, mask, choice.certificate());
      PruningReach reach = plan.reach();
      Long allMacs = reach.allMacs();
      networkMacs = allMacs == null ? null : new Part(macs.used() + reach.fixedMacs(), allMacs);
      networkWeights = new Part(nnz.used() + reach.fixedWeights(), reach.allWeights());
      layers = Report.layers(plan, mask);
      this.choice = choice;
    }

    /// Sets the judgement of the networks.
    ///
    /// @param by what the percentages are of
    /// @param onValidation percentages on the held-out part of the training split, null if nothing
    ///     is held out
    /// @param onTest percentages on the test split, null if that is not there or was not read
    public Builder judged(Measure by, @Nullable Accuracy onValidation, @Nullable Accuracy onTest) {
      measure = by;
      testMeasure = by;
      validation = onValidation;
      test = onTest;
      return this;
    }

    /// Sets what networks were judged by on the test split, if not by the same as on validation.
    public Builder testMeasure(Measure value) {
      testMeasure = value;
      return this;
    }

    /// Sets how far the percentages on the held-out part can be trusted.
    public Builder heldOut(HeldOut value) {
      heldOut = value;
      return this;
    }

    /// Sets how much lower the quality is than the dense network's on held-out samples; null, the
    /// default, where that is not known.
    public Builder drop(@Nullable DropEstimate value) {
      drop = value;
      return this;
    }

    /// Sets the search that found the budget; null, the default, where it was asked for.
    public Builder dropLimit(@Nullable DropLimit value) {
      dropLimit = value;
      return this;
    }

    /// Sets what became of single layers, by name.
    public Builder outcomes(Map<String, LayerOutcome> value) {
      outcomes = Map.copyOf(value);
      return this;
    }

    /// Sets the stages, in order.
    public Builder stages(List<StageReport> value) {
      stages = List.copyOf(value);
      return this;
    }

    /// Sets the seconds of each phase; their order is kept.
    public Builder seconds(Map<String, Double> value) {
      seconds = Collections.unmodifiableMap(new LinkedHashMap<>(value));
      return this;
    }

    /// Sets the greatest resident memory of the process in bytes.
    public Builder peakMemoryBytes(long value) {
      peakMemoryBytes = value;
      return this;
    }

    /// Sets the computations of libtorch that are wrong on this machine, by name; their order is
    /// kept.
    public Builder replacedKernels(Map<String, String> value) {
      replacedKernels = Collections.unmodifiableMap(new LinkedHashMap<>(value));
      return this;
    }

    /// Sets the warnings for the user.
    public Builder warnings(List<String> value) {
      warnings = List.copyOf(value);
      return this;
    }

    /// Returns the report.
    public Report build() {
      return new Report(this);
    }
  }

  /// The use of one resource.
  ///
  /// @param asked the amount as the user wrote it
  /// @param limit limit that follows from it, inclusive
  /// @param used cost of the kept weights
  /// @param total cost of all prunable weights; 0 where it is not known, or nothing
  public record Used(String asked, long limit, long used, long total) {
    /// Returns the share of the total that is used, in percent; 100 where the total is 0.
    public double percent() {
      return total == 0 ? 100 : 100.0 * used / total;
    }
  }

  /// The use of a further resource.
  ///
  /// @param budget its budget
  /// @param used what the network uses, fixed costs included, in the unit of the budget's numbers
  /// @param price saliency that one unit more would be worth at most, 0 where the budget does not
  ///     bind; null where it is not known
  public record ResourceReport(PlannedResource budget, long used, @Nullable Double price) {
    /// Returns whether a larger budget would admit a better choice.
    public boolean isBinding() {
      return price != null && price > 0;
    }
  }

  /// What stays of a resource of the whole network.
  ///
  /// @param used what stays, prunable or not
  /// @param total what the dense network has
  public record Part(long used, long total) {
    /// Returns the share of the total that stays, in percent; 100 of nothing.
    public double percent() {
      return total == 0 ? 100 : 100.0 * used / total;
    }
  }

  /// Networks judged by a measure, in percent.
  ///
  /// @param dense accuracy before pruning
  /// @param pruned accuracy after pruning and re-fitting
  /// @param refreshed accuracy with BatchNormalization refreshed as well, null if that was not
  ///     tried
  /// @param finalAccuracy accuracy of the network that the run returned
  public record Accuracy(
      double dense, double pruned, @Nullable Double refreshed, double finalAccuracy) {}

  /// The held-out samples that networks were judged on.
  ///
  /// @param samples their number, 0 or more
  /// @param low lower end of the interval that holds the returned network's percentage on all
  ///     samples of this kind with 95 % confidence, in percent; null where there are too few
  ///     samples for an interval
  /// @param high upper end, at most 100; null like `low`
  public record HeldOut(int samples, @Nullable Double low, @Nullable Double high) {
    /// Samples below which a percentage says so little that a user is warned.
    private static final int FEW = 30;

    /// Returns whether there are fewer than 30 samples: an interval is some 25 points wide or more.
    public boolean isFew() {
      return samples < FEW;
    }
  }

  /// The quality of the choice of the kept weights.
  ///
  /// @param certificate certificate of the projection; null where the mask was given
  /// @param effectiveRows effective number of rows of the gradient matrix that the choice rests on,
  ///     null where there was none
  public record Choice(@Nullable Certificate certificate, @Nullable Double effectiveRows) {}

  /// The certificate of a projection.
  ///
  /// @param value total saliency of the kept weights, without a unit
  /// @param bound upper bound of the total saliency of every choice within the budget
  /// @param gap bound − value, 0 or more
  /// @param prices saliency that one unit more of a resource is worth at the optimum of the
  ///     relaxation, 0 or more, by the resource's key in `result.json` (`macs`, `nnz`, the name of
  ///     a further one); empty where they are not known
  public record Certificate(double value, double bound, double gap, Map<String, Double> prices) {
    /// Copies the prices; their order is kept.
    public Certificate {
      prices = Collections.unmodifiableMap(new LinkedHashMap<>(prices));
    }

    /// Returns the certificate of a projection.
    ///
    /// @param plan the plan whose budget it was made for
    public static Certificate of(Projection projection, PruningPlan plan) {
      var prices = new LinkedHashMap<String, Double>();
      prices.put("macs", projection.mu());
      prices.put("nnz", projection.alpha());
      for (int r = 0; r < projection.further().size(); r++) {
        PlannedResource resource = plan.resources().get(r);
        prices.put(
            resource.name(),
            projection.further().get(r).multiplier() * Math.pow(10, resource.decimals()));
      }
      return new Certificate(projection.value(), projection.bound(), projection.gap(), prices);
    }

    /// Returns the gap as a share of the bound, 0 to 1.
    public double relativeGap() {
      return bound > 0 ? gap / bound : 0;
    }
  }

  /// The report of one prunable layer.
  ///
  /// @param name name of the weight tensor
  /// @param shape sizes of its axes
  /// @param weights number of its weights
  /// @param kept number of weights that were kept
  /// @param macsPerWeight multiply-accumulates of one weight for one example, 0 if they are not
  ///     known
  public record LayerReport(
      String name, List<Long> shape, long weights, long kept, long macsPerWeight) {
    /// Copies the shape.
    public LayerReport {
      shape = List.copyOf(shape);
    }

    /// Returns the multiply-accumulates of all weights for one example.
    public long macs() {
      return weights * macsPerWeight;
    }

    /// Returns the multiply-accumulates of the kept weights for one example.
    public long macsKept() {
      return kept * macsPerWeight;
    }
  }

  /// The report of one stage.
  ///
  /// @param macs multiply-accumulates of the kept weights for one example
  /// @param nnz number of kept weights
  /// @param validation percent of the report's measure on the held-out samples, null if there are
  ///     none
  /// @param seconds time that the stage took
  /// @param notes what a reader should know of how it was done
  public record StageReport(
      long macs, long nnz, @Nullable Double validation, double seconds, List<StageNote> notes) {
    /// Copies the notes.
    public StageReport {
      notes = List.copyOf(notes);
    }
  }
}
