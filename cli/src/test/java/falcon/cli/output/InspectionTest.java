package falcon.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.Graphs;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.MainOutput;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.layer.LayerSelection;
import falcon.model.layer.Layers;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InspectionTest {
  private static final String LONG_NAME =
      "encoder.layers.encoder_layer_11.self_attention.query.projection.weight";

  @Test
  void tableShowsWhatIsPrunedAndWhyNot() {
    String text = inspection(network(), LayerSelection.DEFAULT).text();
    assertThat(text)
        .contains("encoder.layers.encoder_", "ery.projection.weight", "…")
        .doesNotContain(LONG_NAME)
        .containsPattern("prod +MatMul +144 +288 +37[.,]5 % +no: product of activations")
        .contains("prunable: 1 tensors, 40 weights, 240 MACs (480 FLOPs = 2 × MACs)")
        .contains("total:    with 1 products that stay dense, 384 MACs (768 FLOPs)");
  }

  @Test
  void tableShowsTheUsersChoice() {
    String text = inspection(network(), LayerSelection.of(List.of(), List.of("*query*"))).text();
    assertThat(text).contains("no: excluded by '*query*'", "prunable: 0 tensors");
  }

  @Test
  void unknownOperatorsAndOpaqueConstantsAreListed() throws IOException {
    Network network =
        builder()
            .node(
                new Node("odd", "Fancy", "com.example", List.of("y", "o"), List.of("z"), Map.of()))
            .opaqueInitializer("o", "FLOAT8E4M3FN[2]")
            .build();
    var inspection = inspection(network, LayerSelection.DEFAULT);
    assertThat(inspection.text())
        .contains(
            "Fancy node 'odd' (domain com.example)",
            "o: FLOAT8E4M3FN[2], read by Fancy node 'odd'");
    JsonNode json = new ObjectMapper().readTree(inspection.json());
    assertThat(json.at("/layers/0/name").textValue()).isEqualTo(LONG_NAME);
    assertThat(json.at("/layers/0/flops").longValue()).isEqualTo(480);
    assertThat(json.at("/denseProducts/0/macs").longValue()).isEqualTo(144);
    assertThat(json.at("/allMacs").longValue()).isEqualTo(384);
    assertThat(json.at("/opaque/0/kind").textValue()).isEqualTo("FLOAT8E4M3FN[2]");
    assertThat(json.at("/notNeeded/0/operator").textValue()).isEqualTo("Fancy");
    assertThat(json.at("/unsupported")).isEmpty();
  }

  @Test
  void unknownOperatorThatTheOutputNeedsIsUnsupported() throws IOException {
    Network network =
        builder()
            .node(new Node("odd", "Fancy", "com.example", List.of("y"), List.of("z"), Map.of()))
            .output(Graphs.output("z"))
            .build()
            .withMetadata(Map.of(MainOutput.METADATA, "z"));
    JsonNode json = new ObjectMapper().readTree(inspection(network, LayerSelection.DEFAULT).json());
    assertThat(json.at("/unsupported/0/operator").textValue()).isEqualTo("Fancy");
    assertThat(json.at("/notNeeded")).isEmpty();
  }

  @Test
  void optionsAreFlagsInJson() throws IOException {
    Network network =
        builder()
            .node(new Node("pick", "Gather", "", List.of("e", "i"), List.of("z"), Map.of()))
            .initializer("e", Tensor.ofFloats(List.of(10L, 4L), new float[40]))
            .input(new ValueInfo("i", DataType.INT64, List.of(new Dimension.Fixed(1))))
            .build();
    JsonNode json = new ObjectMapper().readTree(inspection(network, LayerSelection.DEFAULT).json());
    assertThat(json.at("/layers").findValuesAsText("reason"))
        .contains("an embedding: pruned only if asked for by name (--include)");
  }

  private static Inspection inspection(Network network, LayerSelection selection) {
    return new Inspection(network, Layers.of(network, selection), null);
  }

  private static Network network() {
    return builder().build();
  }

  private static Network.Builder builder() {
    return Graphs.network(
            "test", new Dimension.Fixed(1), new Dimension.Fixed(6), new Dimension.Fixed(10))
        .node(Graphs.node("MatMul", "q", "x", LONG_NAME))
        .node(
            new Node(
                "",
                "Transpose",
                "",
                List.of("q"),
                List.of("k"),
                Map.of("perm", new Attribute.IntegerList(List.of(0L, 2L, 1L)))))
        .node(new Node("prod", "MatMul", "", List.of("q", "k"), List.of("y"), Map.of()))
        .initializer(LONG_NAME, Tensor.ofFloats(List.of(10L, 4L), new float[40]))
        .output(Graphs.output("y"));
  }
}
