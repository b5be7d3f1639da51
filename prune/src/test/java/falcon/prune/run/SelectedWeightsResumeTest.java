package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Attribute;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.prune.Graphs;
import falcon.prune.NpyBytes;
import falcon.prune.Pruning;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A network whose layers are parts of constants, or made of several: the network that is pruned
/// has tensors that the given one makes by nodes.
@Tag("native")
class SelectedWeightsResumeTest {
  private static final int SIDE = 8;

  private final SplittableRandom random = new SplittableRandom(3);
  private final Network network = network();

  @TempDir Path folder;

  @Test
  void aFinishedStageIsGoneOnFrom() throws IOException {
    Dataset data = data();
    TwoStages run = TwoStages.of(network, data);
    Pruning pruning = run.pruning();
    assertThat(pruning.plan().layers())
        .extracting(PruningPlan.PrunableLayer::name)
        .containsExactlyInAnyOrder("left", "right", "both");
    PrunedNetwork whole = pruning.run();
    PrunedNetwork rest = run.resumed(folder.resolve("stages"));
    assertThat(rest.mask()).isEqualTo(whole.mask());
    assertThat(rest.network().initializers()).isEqualTo(whole.network().initializers());
    assertThat(whole.network().initializers().keySet()).isEqualTo(network.initializers().keySet());
    assertThat(whole.network().tensor("halves")).isNotEqualTo(network.tensor("halves"));
    assertThat(whole.network().tensor("less")).isNotEqualTo(network.tensor("less"));
    assertThat(whole.network().tensor("more")).isNotEqualTo(network.tensor("more"));
  }

  private Network network() {
    return Graphs.network("test", new Dimension.Symbolic("b"), new Dimension.Fixed(SIDE))
        .output(Graphs.output("y"))
        .node(
            new Node(
                "split",
                "Split",
                "",
                List.of("halves"),
                List.of("left", "right"),
                Map.of("axis", new Attribute.IntegerValue(1))))
        .node(Graphs.node("MatMul", "a", "x", "left"))
        .node(Graphs.node("Relu", "r", "a"))
        .node(Graphs.node("MatMul", "b", "r", "right"))
        .node(
            new Node(
                "concat",
                "Concat",
                "",
                List.of("more", "less"),
                List.of("both"),
                Map.of("axis", new Attribute.IntegerValue(0))))
        .node(Graphs.node("MatMul", "y", "b", "both"))
        .initializer("halves", Graphs.noise(random, SIDE, 2 * SIDE))
        .initializer("more", Graphs.noise(random, SIDE - 2, SIDE))
        .initializer("less", Graphs.noise(random, 2, SIDE))
        .build();
  }

  private Dataset data() throws IOException {
    Path file = folder.resolve("x.npy");
    Files.write(file, NpyBytes.noise(random, 120, SIDE));
    return Datasets.open(file);
  }
}
