package falcon.prune;

import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Measure;
import falcon.prune.options.Method;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.RetrainingOptions;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.run.StageStore;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The builder of a run that retrains a network on a mask that exists already: set what differs
/// from the defaults, then call [#run]. Not thread-safe.
///
/// ```java
/// Network dense = Networks.read(Path.of("demo/resnet20_fmnist.safetensors"));
/// Dataset data = Datasets.open(Path.of("demo/fashion-mnist"));
/// Network pruned = Falcon.prune(dense, BudgetRequest.nnz(0.25)).run().network();
/// Retraining retraining = Falcon.retrain(dense, data, RetrainingOptions.of(10)).start(pruned);
/// System.out.println(retraining.plan().budget());
/// ```
///
/// [#run] then trains, for minutes or hours, and returns a network within that budget.
///
/// The retraining decides by samples that are held out of the training split; the test split is
/// read once, at the end. The result is never worse on held-out samples than what it starts from.
public final class Retraining {
  private final Pruning pruning;
  private final RetrainingOptions retraining;
  private @Nullable Map<String, Tensor> mask;
  private @Nullable Network start;

  Retraining(Network network, Dataset data, RetrainingOptions retraining) {
    this.pruning = new Pruning(network, data, BudgetRequest.nnz(1));
    this.retraining = Objects.requireNonNull(retraining);
    options(PruningOptions.defaults());
  }

  /// Sets the mask.
  ///
  /// @param value for each pruned tensor one of its name and shape in the network's file, of 0
  ///     (pruned) and 1 (kept) in any type; layers that are not named keep all weights. Null, the
  ///     default, for the zeros of the network of [#start], or else of the network itself
  public Retraining mask(@Nullable Map<String, Tensor> value) {
    mask = value == null ? null : Map.copyOf(value);
    return given();
  }

  /// Sets the pruned network whose weights are one of the two starts of the retraining; the dense
  /// weights on the mask are the other.
  ///
  /// @param value a network of the same graph; null, the default, to start from the network itself
  public Retraining start(@Nullable Network value) {
    start = value;
    return given();
  }

  private Retraining given() {
    pruning.given(new GivenMask(mask, start));
    return this;
  }

  /// Sets the options of samples, layers and machine; the method of pruning and the retraining in
  /// them do not count.
  public Retraining options(PruningOptions value) {
    pruning.options(value.retrained(Method.FALCON, retraining));
    return given();
  }

  /// Sets the conversion of pixels to inputs.
  ///
  /// @param value the conversion; null for the one in the network's metadata, or else the default
  ///     of the data's layout; null where samples are arrays
  public Retraining preprocessing(@Nullable Preprocessing value) {
    pruning.preprocessing(value);
    return this;
  }

  /// Sets the progress listener; the default is [Progress#SILENT].
  public Retraining progress(Progress value) {
    pruning.progress(value);
    return this;
  }

  /// Sets the store of finished stages; stages already in it are not computed again. The default is
  /// [StageStore#NONE].
  public Retraining stages(StageStore value) {
    pruning.stages(value);
    return this;
  }

  /// Sets whether the test split is read at the end, once; the default is true.
  public Retraining test(boolean value) {
    pruning.test(value);
    return this;
  }

  /// Returns the options of the run, as it uses them.
  public PruningOptions options() {
    return pruning.options();
  }

  /// Returns the plan of the run; its budget is what the mask keeps.
  ///
  /// @throws PruningException if options are out of their range
  ///     ([PruningException.Kind#USAGE]), or network, mask and data are not compatible
  ///     ([PruningException.Kind#INPUT])
  public PruningPlan plan() {
    return pruning.plan();
  }

  /// Returns the measures that the result has figures of, as [Pruning#measures].
  ///
  /// @throws PruningException if network and data are not compatible
  public Set<Measure> measures() {
    return pruning.measures();
  }

  /// Returns the network that is retrained: the dense one that was given, for examples of the
  /// data's shapes.
  ///
  /// @throws PruningException if network and data are not compatible
  public Network network() {
    return pruning.network();
  }

  /// Retrains the network. The same options, network, mask and data give the same bits, for any
  /// number of threads.
  ///
  /// @return the retrained network, on the mask, with its report
  /// @throws PruningException as for [#plan], or if the network or the data cannot be used
  public PrunedNetwork run() {
    return pruning.run();
  }
}
