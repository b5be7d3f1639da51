package falcon.model.layer;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PruningReachTest {
  private static final String DOMAIN = "com.example";

  @Test
  void aNetworkThatIsPrunableAltogetherHasNothingToSay() {
    PruningReach reach = Layers.of(network().node(node("MatMul", "y", "x", "w")).build()).reach();
    assertThat(reach.texts()).isEmpty();
    assertThat(reach.allMacs()).isEqualTo(24);
    assertThat(reach.fixedMacs()).isZero();
    assertThat(reach.allWeights()).isEqualTo(24);
    assertThat(reach.fixedWeights()).isZero();
  }

  @Test
  void aTenthIsNotSaidAndMoreIs() {
    // 24 MACs of weights that may be pruned, and as many of those that the architecture keeps
    Network.Builder both =
        network()
            .node(node("MatMul", "h", "x", "w"))
            .node(node("MatMul", "k", "x", "v"))
            .node(node("Concat", "y", "h", "k"));
    Network half = both.initializer("v", zeros(6, 4)).metadata(Network.NOT_PRUNABLE, "v").build();
    assertThat(Layers.of(half).reach().texts())
        .containsExactly(
            "50.0 % of the network's MACs (24 of 48) lie in layers that cannot be pruned: the architecture keeps it dense (MatMul 'v').");

    Network tenth =
        network()
            .initializer("v", zeros(6, 36))
            .node(node("MatMul", "h", "x", "w"))
            .node(node("MatMul", "y", "x", "v"))
            .metadata(Network.NOT_PRUNABLE, "w")
            .build();
    PruningReach reach = Layers.of(tenth).reach();
    assertThat(reach.unprunableShare()).isEqualTo(0.1);
    assertThat(reach.texts()).isEmpty();
    assertThat(reach.fixedMacs()).isEqualTo(24);
  }

  @Test
  void layersBehindAnUnknownOperatorAreNotCountedAndNamedByReason() {
    Network.Builder builder =
        network()
            .node(node("MatMul", "h", "x", "w"))
            .node(new Node("f", "Fancy", DOMAIN, List.of("h"), List.of("f"), Map.of()));
    for (int i = 0; i < 5; i++) {
      String output = i == 0 ? "y" : "y" + i;
      builder.initializer("v" + i, zeros(4, 4)).node(node("MatMul", output, "f", "v" + i));
    }
    PruningReach reach = Layers.of(builder.build()).reach();
    assertThat(reach.allMacs()).isNull();
    assertThat(reach.uncounted()).hasSize(5);
    assertThat(reach.texts()).hasSize(1);
    assertThat(reach.texts().getFirst())
        .startsWith("The MACs of some layers or products are not known")
        .contains("Fancy node 'f'", "(MatMul 'v0', MatMul 'v1', MatMul 'v2' and 2 more)");
  }

  @Test
  void weightsOfAnOperatorThatNobodyKnowsAreOfTheNetwork() {
    Network network =
        network()
            .initializer("v", zeros(4, 5))
            .initializer("b", zeros(5))
            .node(node("MatMul", "h", "x", "w"))
            .node(new Node("f", "Fancy", DOMAIN, List.of("h", "v", "b"), List.of("y"), Map.of()))
            .build();
    PruningReach reach = Layers.of(network).reach();
    assertThat(reach.allMacs()).isNull();
    assertThat(reach.allWeights()).isEqualTo(24 + 20);
    assertThat(reach.fixedWeights()).isEqualTo(20);
    assertThat(reach.texts())
        .singleElement()
        .asString()
        .startsWith("20 weights belong to operators that Falcon does not know")
        .contains("Fancy 'f'");
  }

  @Test
  void whatIsExcludedOnPurposeStaysButIsNoObstacle() {
    Network network =
        network()
            .initializer("v", zeros(4, 4))
            .node(node("MatMul", "h", "x", "w"))
            .node(node("MatMul", "y", "h", "v"))
            .build();
    PruningReach reach = Layers.of(network, LayerSelection.of(List.of(), List.of("w"))).reach();
    assertThat(reach.unprunable()).isEmpty();
    assertThat(reach.texts()).isEmpty();
    assertThat(reach.fixedMacs()).isEqualTo(24);
    assertThat(reach.allMacs()).isEqualTo(40);
  }

  @Test
  void productsOfActivationsComeGreatestFirst() {
    Network network =
        network()
            .node(node("MatMul", "h", "x", "w"))
            .node(node("Transpose", "t", "h"))
            .node(node("MatMul", "y", "t", "h"))
            .build();
    PruningReach reach = Layers.of(network).reach();
    assertThat(reach.unprunable()).extracting(PruningReach.Part::name).containsExactly("y");
    assertThat(reach.reasons()).isEqualTo("product of activations (MatMul 'y')");
  }

  private static Network.Builder network() {
    return Network.builder("n")
        .opset("", 17)
        .input(
            new ValueInfo(
                "x", DataType.FLOAT32, List.of(new Dimension.Fixed(1), new Dimension.Fixed(6))))
        .initializer("w", zeros(6, 4))
        .output(new ValueInfo("y", DataType.FLOAT32, null));
  }

  private static Node node(String opType, String output, String... inputs) {
    Map<String, falcon.model.Attribute> attributes =
        opType.equals("Concat")
            ? Map.of("axis", new falcon.model.Attribute.IntegerValue(1))
            : Map.of();
    return new Node(output, opType, "", List.of(inputs), List.of(output), attributes);
  }

  private static Tensor zeros(long... shape) {
    List<Long> sizes = java.util.Arrays.stream(shape).boxed().toList();
    return Tensor.ofFloats(sizes, new float[Math.toIntExact(Tensor.elements(sizes))]);
  }
}
