package falcon.spark;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.prune.Falcon;
import falcon.prune.WorkPlace;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import falcon.torch.kernel.Workers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A run on two executor processes gives the bits of a run on one machine.
@Tag("native")
class SparkRunTest {
  private static JavaSparkContext context;

  @BeforeAll
  static void start() {
    context = Cluster.of(2);
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  @Test
  void demoNetworkHasTheSameBits() {
    Network network = Networks.read(Path.of("../demo/resnet20_fmnist.safetensors"));
    Dataset data = Datasets.open(Path.of("../demo/fashion-mnist"));
    List<SparkWorkers> used = new ArrayList<>();
    long a = System.nanoTime();
    PrunedNetwork alone = run(network, data, Workers::new);
    long b = System.nanoTime();
    PrunedNetwork onCluster =
        run(
            network,
            data,
            threads -> {
              var workers = new SparkWorkers(threads, context);
              used.add(workers);
              return workers;
            });
    long c = System.nanoTime();
    System.out.println((b - a) / 1e9 + " s alone, " + (c - b) / 1e9 + " s on cluster");
    System.out.println(alone.report().seconds());
    System.out.println(onCluster.report().seconds());
    used.getFirst().traffic().forEach((name, traffic) -> System.out.println(name + " " + traffic));
    assertThat(onCluster.network().initializers()).isEqualTo(alone.network().initializers());
    assertThat(onCluster.mask()).isEqualTo(alone.mask());
    assertThat(used.getFirst().traffic()).containsKeys("outputs", "second moments");
  }

  private static PrunedNetwork run(Network network, Dataset data, WorkPlace place) {
    PruningOptions options =
        PruningOptions.builder().method(Method.FALCON).samples(64).seed(1).build();
    return Falcon.prune(network, data, BudgetRequest.macs(0.30))
        .options(options)
        .place(place)
        .run();
  }
}
