package falcon.prune;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.prune.options.BudgetRequest;

/// Prunes networks to a compute budget. Start here.
///
/// ```java
/// Network network = Networks.read(Path.of("resnet20_cifar10.pth.tar"), Architecture.RESNET20);
/// Dataset data = Datasets.open(Path.of("cifar10"));
/// PrunedNetwork pruned = Falcon.prune(network, data, BudgetRequest.macs(0.30)).seed(1).run();
/// System.out.println(pruned.summary());
/// Networks.write(pruned.network(), Path.of("pruned.onnx"));
/// ```
public final class Falcon {
  private Falcon() {}

  /// Prepares a run; nothing is computed yet.
  ///
  /// @param network a classifier; not changed
  /// @param data calibration and validation images are drawn from its training split
  /// @param budget what may stay
  public static Pruning prune(Network network, Dataset data, BudgetRequest budget) {
    return new Pruning(network, data, budget);
  }

  /// Prepares pruning by the weights alone, of any network; nothing is computed yet.
  ///
  /// @param network any; not changed
  /// @param budget what may stay; of weights alone if the network's MACs are not known
  public static WeightPruning prune(Network network, BudgetRequest budget) {
    return new WeightPruning(network, budget);
  }
}
