package falcon.prune;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.stored.StoredWeights;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.RetrainingOptions;
import falcon.torch.training.DrawnWeights;
import java.util.Map;

/// Prunes networks to a compute budget. Start here.
///
/// ```java
/// Network network = Networks.read(Path.of("demo/resnet20_fmnist.safetensors"));
/// Dataset data = Datasets.open(Path.of("demo/fashion-mnist"));
/// PruningOptions options =
///     PruningOptions.builder().method(Method.FALCON).samples(64).seed(1).build();
/// PrunedNetwork pruned =
///     Falcon.prune(network, data, BudgetRequest.macs(0.30)).options(options).test(false).run();
/// System.out.println(pruned.summary());
/// Networks.write(pruned.network(), Path.of("pruned.onnx"));
/// ```
///
/// Pruning by the weights alone needs no data:
///
/// ```java
/// Network network = Networks.read(Path.of("demo/resnet20_fmnist.safetensors"));
/// PrunedNetwork pruned = Falcon.prune(network, BudgetRequest.nnz(0.25)).run();
/// System.out.println(pruned.report().nnz().percent() + " % of the weights are kept");
/// ```
///
/// Nothing is printed and no state is kept between runs.
public final class Falcon {
  private Falcon() {}

  /// Prepares a run; nothing is computed yet.
  ///
  /// @param network any network whose operators Falcon supports; not changed
  /// @param data samples in the form that the network takes, images or arrays; labels are not
  ///     needed. Calibration and validation samples are drawn from its training split, the test
  ///     split is read once, at the end
  /// @param budget greatest cost of the pruned network
  public static Pruning prune(Network network, Dataset data, BudgetRequest budget) {
    return new Pruning(network, data, budget);
  }

  /// Prepares runs that prune one network to several budgets; nothing is computed yet.
  ///
  /// @param network as for a single run
  /// @param data as for a single run
  /// @return the builder of the runs; closed by the caller
  public static Sweep sweep(Network network, Dataset data) {
    return new Sweep(network, data);
  }

  /// Prepares a retraining on a mask that exists already; nothing is computed yet.
  ///
  /// @param dense the dense network, which is the teacher; not changed
  /// @param data samples in the form that the network takes; labels are needed where the
  ///     retraining's loss does
  /// @param retraining how it is retrained
  public static Retraining retrain(Network dense, Dataset data, RetrainingOptions retraining) {
    return new Retraining(dense, data, retraining);
  }

  /// Prepares the training of all weights of a network; nothing is computed yet.
  ///
  /// @param network the network with the weights that the training starts from: those that it has,
  ///     or those of [#drawn]; not changed
  /// @param data samples with labels, in the form that the network takes
  /// @param training how it is trained; its loss is [falcon.prune.options.RetrainingLoss#LABELS]
  public static Retraining train(Network network, Dataset data, RetrainingOptions training) {
    return new Retraining(network, data, training).mask(Map.of());
  }

  /// Returns a network with weights drawn at random, by a rule for each kind of layer
  /// (`docs/retraining.md`).
  ///
  /// @param seed same seed, same weights
  public static Network drawn(Network network, long seed) {
    return DrawnWeights.of(StoredWeights.unfolded(network), seed).stored();
  }

  /// Prepares pruning by the weights alone, of any network; nothing is computed yet.
  ///
  /// @param network any network, also with operators that Falcon does not support; not changed
  /// @param budget greatest cost of the pruned network; of weights alone if the network's MACs are
  ///     not known
  public static WeightPruning prune(Network network, BudgetRequest budget) {
    return new WeightPruning(network, budget);
  }
}
