package falcon.prune;

import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.Splits;
import falcon.model.Network;
import falcon.prune.evaluation.DenseStatistics;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Measure;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.Option;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.torch.execution.QualityDrop;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Runs that prune one network to several budgets. What is known of the dense network is measured
/// once for all of them; each run yields the same bits as one of its own, unless
/// [#startingFromPruned] says otherwise. Not thread-safe.
///
/// ```java
/// Network network = Networks.read(Path.of("demo/resnet20_fmnist.safetensors"));
/// Dataset data = Datasets.open(Path.of("demo/fashion-mnist"));
/// PruningOptions quick = PruningOptions.builder().method(Method.MAGNITUDE).build();
/// try (Sweep sweep = Falcon.sweep(network, data).options(quick).test(false)) {
///   for (Pruning point : sweep.points(Sweep.between(0.6, 0.1, 3), new NnzRule.Auto())) {
///     System.out.println(point.run().summary());
///   }
/// }
/// ```
public final class Sweep implements AutoCloseable {
  /// Decimal places of a share that [#between] makes: hundredths of a percent.
  private static final double ROUNDING = 1e4;

  private final Network network;
  private final Dataset data;
  private final DenseStatistics statistics = DenseStatistics.shared();
  private PruningOptions options = PruningOptions.defaults();
  private @Nullable Preprocessing preprocessing;
  private boolean readsTest = true;
  private Progress progress = Progress.SILENT;
  private WorkPlace place = WorkPlace.THREADS;
  private boolean startsFromPruned;
  private boolean testsResultsAlone = true;

  /// The run that has matched network and data for the others; null until there is one.
  private @Nullable Pruning first;

  Sweep(Network network, Dataset data) {
    this.network = Objects.requireNonNull(network);
    this.data = Objects.requireNonNull(data);
  }

  /// Sets the options of all runs; the default is [PruningOptions#defaults].
  public Sweep options(PruningOptions value) {
    options = Objects.requireNonNull(value);
    return this;
  }

  /// Sets the conversion of pixels to inputs; see [Pruning#preprocessing].
  public Sweep preprocessing(@Nullable Preprocessing value) {
    preprocessing = value;
    return this;
  }

  /// Sets the progress listener of all runs; the default is [Progress#SILENT].
  public Sweep progress(Progress value) {
    progress = Objects.requireNonNull(value);
    return this;
  }

  /// Sets where chunks of samples are computed; the default is [WorkPlace#THREADS].
  public Sweep place(WorkPlace value) {
    place = Objects.requireNonNull(value);
    return this;
  }

  /// Sets whether each run reads the test split at its end; the default is true.
  public Sweep test(boolean value) {
    readsTest = value;
    return this;
  }

  /// Sets whether each run of [Method#FALCON] starts from the network of the budget before it, with
  /// half as many refinement steps. That saves a quarter of its time, and above some 15 % of the
  /// MACs yields less accurate networks (`docs/results/sweep.md`). The default is false.
  public Sweep startingFromPruned(boolean value) {
    startsFromPruned = value;
    return this;
  }

  /// Sets whether networks with new statistics of BatchNormalization that were tried and are not
  /// the result stay unjudged on the test split, which saves a third of that time. The default is
  /// true.
  public Sweep testingResultsAlone(boolean value) {
    testsResultsAlone = value;
    return this;
  }

  /// Returns shares at equal ratios, rounded to hundredths of a percent, without those that are
  /// equal then.
  ///
  /// @param first the greatest share, above 0 and at most 1
  /// @param last the least one, above 0
  /// @param count number of shares, 2 or more
  /// @return shrinking shares; the first and the last are as given
  public static List<Amount> between(double first, double last, int count) {
    if (!(first > last) || count < 2) {
      throw new IllegalArgumentException(
          "shares shrink from %s to %s in %d steps".formatted(first, last, count));
    }
    var shares = new ArrayList<Amount>();
    for (int i = 0; i < count; i++) {
      double share = first * Math.pow(last / first, i / (count - 1.0));
      double rounded =
          i == 0 ? first : i == count - 1 ? last : Math.round(share * ROUNDING) / ROUNDING;
      var amount = new Amount.Share(Math.max(rounded, last));
      if (shares.isEmpty() || !shares.getLast().equals(amount)) {
        shares.add(amount);
      }
    }
    return List.copyOf(shares);
  }

  /// Prepares one run per budget; they are to be run in this order.
  ///
  /// @param macs shrinking budgets of MACs
  /// @param nnz the rule for the number of weights of each
  /// @throws falcon.prune.options.PruningException if network and data are not compatible
  public List<Pruning> points(List<Amount> macs, NnzRule nnz) {
    return points(macs.stream().map(amount -> new BudgetRequest(amount, nnz)).toList());
  }

  /// Prepares one run per budget; they are to be run in this order.
  ///
  /// @param budgets shrinking budgets
  /// @throws falcon.prune.options.PruningException if network and data are not compatible
  public List<Pruning> points(List<BudgetRequest> budgets) {
    List<Amount> macs = budgets.stream().map(BudgetRequest::macs).toList();
    var points = new ArrayList<Pruning>();
    for (int i = 0; i < budgets.size(); i++) {
      PruningOptions own =
          startsFromPruned ? options.toBuilder().path(macs.subList(0, i)).build() : options;
      points.add(
          point(budgets.get(i), own, readsTest)
              .sharing(budgets.size() > 1 ? statistics : null)
              .after(startsFromPruned && i > 0 ? points.getLast() : null));
    }
    return List.copyOf(points);
  }

  /// Prepares one more run, which starts from the dense network, with what is known of that.
  ///
  /// @param isTested whether the run reads the test split at its end
  /// @throws falcon.prune.options.PruningException if network and data are not compatible
  public Pruning trial(BudgetRequest budget, boolean isTested) {
    return point(budget, options, isTested);
  }

  /// Checks that a drop of quality of so many points can be shown on the held-out samples.
  ///
  /// @param most percentage points, above 0
  /// @throws PruningException if there are too few of them; the message has the number that it
  ///     takes
  public void requireHeldOut(double most) {
    NetworkWithData match = point(BudgetRequest.macs(1), options, false).match();
    int heldOut = Splits.of(match.data().train()).validation().length;
    int least =
        match.measure() == Measure.FIDELITY || most >= 100 ? 2 : QualityDrop.leastSamples(most);
    if (heldOut < least) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s %s%%: so small a drop cannot be told from chance on %,d held-out samples, not even if none of them is lost; %,d are needed.%nAllow a greater drop, or give more training samples: a tenth of them is held out, %,d at most."
              .formatted(Option.MAX_DROP, text(most), heldOut, least, Splits.most()));
    }
  }

  private static String text(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  /// Prepares a run that prunes by the weights alone, for comparison; it leaves the test split.
  ///
  /// @throws falcon.prune.options.PruningException if network and data are not compatible
  public Pruning magnitude(BudgetRequest budget) {
    return point(budget, magnitudeOptions(), false);
  }

  /// Returns the options of [#magnitude].
  public PruningOptions magnitudeOptions() {
    return PruningOptions.builder()
        .method(Method.MAGNITUDE)
        .loss(options.loss())
        .seed(options.seed())
        .inputShapes(options.inputShapes())
        .inputs(options.inputs())
        .pattern(options.pattern())
        .selection(options.search().selection())
        .floors(options.search().floors())
        .refinement(options.refinement().withSteps(null).withLearningRate(null))
        .machine(options.machine())
        .build();
  }

  private Pruning point(BudgetRequest budget, PruningOptions own, boolean isTested) {
    Pruning point =
        new Pruning(network, data, budget)
            .options(own)
            .preprocessing(preprocessing)
            .test(isTested)
            .progress(progress)
            .place(place)
            .testingResultAlone(testsResultsAlone)
            .sharing(statistics);
    if (first == null) {
      first = point;
    } else {
      point.matchedAs(first);
    }
    return point;
  }

  /// Releases what is known of the dense network.
  @Override
  public void close() {
    statistics.close();
  }
}
