import falcon.data.format.Datasets;
import falcon.model.format.Networks;
import falcon.prune.Falcon;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import java.nio.file.Path;

/// Prunes a network to 30 % of its multiply-accumulates: `Prune MODEL DATA PRUNED.onnx`.
class Prune {
  public static void main(String[] args) {
    var network = Networks.read(Path.of(args[0]));
    var data = Datasets.open(Path.of(args[1]));
    var options = PruningOptions.builder().method(Method.FALCON).steps(0).samples(64).build();
    var pruned =
        Falcon.prune(network, data, BudgetRequest.macs(0.30)).options(options).test(false).run();
    System.out.println(pruned.summary());
    Networks.write(pruned.network(), Path.of(args[2]));
  }
}
