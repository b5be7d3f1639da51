package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Attribute;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.prune.Graphs;
import falcon.prune.NpyBytes;
import falcon.prune.Pruning;
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

/// A network whose branch is settled by the sizes of the data: the network that is pruned has
/// tensors that the given one has only inside of the branch.
@Tag("native")
class SettledFlowResumeTest {
  private static final int SIDE = 8;

  private final SplittableRandom random = new SplittableRandom(3);
  private final Network network = network();

  @TempDir Path folder;

  @Test
  void aFinishedStageIsGoneOnFrom() throws IOException {
    Dataset data = data();
    TwoStages run = TwoStages.of(network, data);
    Pruning pruning = run.pruning();
    assertThat(pruning.network().initializers().keySet())
        .as("weights of the branch are in the graph")
        .hasSizeGreaterThan(network.initializers().size());
    PrunedNetwork whole = pruning.run();
    PrunedNetwork rest = run.resumed(folder.resolve("stages"));
    assertThat(rest.mask()).isEqualTo(whole.mask());
    assertThat(rest.network().initializers()).isEqualTo(whole.network().initializers());
  }

  private Network network() {
    var then =
        new Attribute.Subgraph(
            "If.0/then_branch/",
            List.of(Graphs.node("MatMul", "If.0/then_branch/h", "x", "If.0/then_branch/w")),
            List.of(),
            List.of("If.0/then_branch/h"),
            Map.of("If.0/then_branch/w", noise()),
            Map.of());
    var otherwise =
        new Attribute.Subgraph(
            "If.0/else_branch/",
            List.of(Graphs.node("Identity", "If.0/else_branch/h", "x")),
            List.of(),
            List.of("If.0/else_branch/h"),
            Map.of(),
            Map.of());
    return Graphs.network("test", new Dimension.Symbolic("b"), new Dimension.Symbolic("n"))
        .output(Graphs.output("y"))
        .node(Graphs.node("Shape", "shape", "x"))
        .node(Graphs.node("Gather", "size", "shape", "one"))
        .node(Graphs.node("Equal", "isEight", "size", "eight"))
        .node(
            new Node(
                "choice",
                "If",
                "",
                List.of("isEight"),
                List.of("h"),
                Map.of(
                    "then_branch",
                    new Attribute.GraphValue(then),
                    "else_branch",
                    new Attribute.GraphValue(otherwise))))
        .node(Graphs.node("Relu", "r", "h"))
        .node(Graphs.node("MatMul", "y", "r", "w"))
        .initializer("one", Tensor.ofLongs(List.of(), 1))
        .initializer("eight", Tensor.ofLongs(List.of(), SIDE))
        .initializer("w", noise())
        .build();
  }

  private Tensor noise() {
    return Graphs.noise(random, SIDE, SIDE);
  }

  private Dataset data() throws IOException {
    Path file = folder.resolve("x.npy");
    Files.write(file, NpyBytes.noise(random, 120, SIDE));
    return Datasets.open(file);
  }
}
