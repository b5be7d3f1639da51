package falcon.torch;

import static falcon.torch.Protos.body;
import static falcon.torch.Protos.constant;
import static falcon.torch.Protos.node;
import static falcon.torch.Protos.noise;
import static falcon.torch.Protos.number;
import static falcon.torch.Protos.real;
import static falcon.torch.Protos.reference;
import static falcon.torch.Protos.tensor;
import static falcon.torch.Protos.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.grid.Comparison;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.onnx.OnnxFile;
import falcon.model.onnx.proto.AttributeProto.AttributeType;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.ModelProto;
import falcon.model.onnx.proto.OperatorSetIdProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Local functions yield the numbers of ONNX Runtime, their weights are layers, and a written file
/// keeps them.
@Tag("native")
class FunctionsTest {
  private final SplittableRandom random = new SplittableRandom(5);
  private final Map<String, Tensor> inputs = Map.of("x", noise(random, 2, 4));
  private final GraphProto.Builder graph =
      GraphProto.newBuilder().addInput(value("x", 1, 2, 4)).addOutput(value("y", 1));

  @TempDir Path folder;

  @Test
  void weightsGivenToNestedCalls() throws IOException, OrtException {
    graph
        .addInitializer(constant("w", noise(random, 4, 4)))
        .addInitializer(constant("v", noise(random, 4, 4)))
        .addNode(node("own", "Block", "a", "x", "w"))
        .addNode(node("own", "Block", "y", "a", "v").addAttribute(real("slope", 0.5)));
    FunctionProto.Builder block =
        function("Block", "in", "weights")
            .addAttributeProto(real("slope", 0.1))
            .addNode(node("own", "Linear", "m", "in", "weights"))
            .addNode(
                node("", "LeakyRelu", "out", "m")
                    .addAttribute(reference("alpha", AttributeType.FLOAT, "slope")));
    FunctionProto.Builder linear =
        function("Linear", "in", "weights").addNode(node("", "MatMul", "out", "in", "weights"));
    assertLayersAndWriting(model(block, linear), "w", "v");
  }

  @Test
  void constantsInsideAreSharedByTheCalls() throws IOException, OrtException {
    graph.addNode(node("own", "Block", "a", "x")).addNode(node("own", "Block", "y", "a"));
    FunctionProto.Builder block =
        function("Block", "in")
            .addNode(node("", "Constant", "w").addAttribute(tensor("value", noise(random, 4, 4))))
            .addNode(node("", "MatMul", "m", "in", "w"))
            .addNode(node("", "Tanh", "out", "m"));
    assertLayersAndWriting(model(block), "Block.0/w");
  }

  @Test
  void constantsThatCallsGiveAsAttributes() throws IOException, OrtException {
    graph
        .addNode(node("own", "Block", "a", "x").addAttribute(tensor("w", noise(random, 4, 4))))
        .addNode(node("own", "Block", "y", "a"));
    FunctionProto.Builder block =
        function("Block", "in")
            .addAttributeProto(tensor("w", noise(random, 4, 4)))
            .addNode(
                node("", "Constant", "w")
                    .addAttribute(reference("value", AttributeType.TENSOR, "w")))
            .addNode(node("", "MatMul", "m", "in", "w"))
            .addNode(node("", "Tanh", "out", "m"));
    assertLayersAndWriting(model(block), "call.0/w", "Block.0/default/w");
  }

  @Test
  void branchesInsideAreInlinedOnceACall() throws IOException, OrtException {
    graph
        .addInitializer(constant("two", Tensor.ofLongs(List.of(), 2)))
        .addNode(node("own", "Block", "a", "x", "two"))
        .addNode(node("own", "Block", "y", "a", "two"));
    GraphProto.Builder then =
        GraphProto.newBuilder()
            .addInitializer(constant("w", noise(random, 4, 4)))
            .addNode(node("", "MatMul", "m", "in", "w"))
            .addNode(
                node("", "LeakyRelu", "r", "m")
                    .addAttribute(reference("alpha", AttributeType.FLOAT, "slope")))
            .addOutput(value("r", 1));
    GraphProto.Builder otherwise =
        GraphProto.newBuilder().addNode(node("", "Neg", "n", "in")).addOutput(value("n", 1));
    FunctionProto.Builder block =
        function("Block", "in", "number")
            .addAttributeProto(real("slope", 0.2))
            .addNode(node("", "Shape", "shape", "in"))
            .addNode(node("", "Size", "rank", "shape"))
            .addNode(node("", "Equal", "go", "rank", "number"))
            .addNode(
                node("", "If", "out", "go")
                    .addAttribute(body("then_branch", then))
                    .addAttribute(body("else_branch", otherwise)));
    assertLayersAndWriting(model(block), "Block.0/If.3/then_branch/w");
  }

  @Test
  void overloadsOptionalInputsAndOutputsThatPassThrough() throws IOException, OrtException {
    graph
        .addInitializer(constant("w", noise(random, 4, 4)))
        .addNode(node("own", "Block", "a", "x", "w").setOverload("plain").addOutput("same"))
        .addNode(node("own", "Block", "b", "a", "w").setOverload("turned"))
        .addNode(node("", "Add", "y", "b", "same"));
    FunctionProto.Builder plain =
        function("Block", "in", "weights", "bias")
            .setOverload("plain")
            .addOutput("in")
            .addNode(node("", "Gemm", "out", "in", "weights", "bias"));
    FunctionProto.Builder turned =
        function("Block", "in", "weights", "bias")
            .setOverload("turned")
            .addNode(
                node("", "Gemm", "out", "in", "weights", "bias").addAttribute(number("transB", 1)));
    ModelProto.Builder model = model(plain, turned);
    Files.write(folder.resolve("read.onnx"), model.build().toByteArray());
    Network network = OnnxFile.read(folder.resolve("read.onnx"));
    assertThat(Layers.of(network).prunable()).extracting(Layer::tensor).containsExactly("w");
    // ONNX Runtime asks for inputs that are left out by empty names
    graph.getNodeBuilder(0).addInput("");
    graph.getNodeBuilder(1).addInput("");
    Forward.run(network, inputs, Precision.FLOAT32);
  }

  @Test
  void operatorThatMeansSomethingElseInTheFunctionsSetIsRefused() throws IOException {
    graph.addNode(node("own", "Block", "y", "x"));
    FunctionProto.Builder block = function("Block", "in").addNode(node("", "Softmax", "out", "in"));
    block.getOpsetImportBuilder(0).setVersion(11);
    Path file = Files.write(folder.resolve("old.onnx"), model(block).build().toByteArray());
    assertThatThrownBy(() -> OnnxFile.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("function 'Block' is written in operator set 11, the graph in 18")
        .hasMessageContaining("Softmax");
  }

  @Test
  void functionThatCallsItselfIsRefused() throws IOException {
    graph.addNode(node("own", "Block", "y", "x"));
    FunctionProto.Builder block =
        function("Block", "in").addNode(node("own", "Block", "out", "in"));
    Path file = Files.write(folder.resolve("own.onnx"), model(block).build().toByteArray());
    assertThatThrownBy(() -> OnnxFile.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("function 'Block' calls itself");
  }

  @Test
  void functionsThatMultiplyWithoutEndAreRefused() throws IOException {
    graph.addNode(node("own", "F0", "y", "x"));
    var functions = new FunctionProto.Builder[30];
    for (int i = 0; i < functions.length; i++) {
      String next = "F" + (i + 1);
      functions[i] =
          i + 1 == functions.length
              ? function("F" + i, "in").addNode(node("", "Relu", "out", "in"))
              : function("F" + i, "in")
                  .addNode(node("own", next, "m", "in"))
                  .addNode(node("own", next, "out", "m"));
    }
    Path file = Files.write(folder.resolve("many.onnx"), model(functions).build().toByteArray());
    assertThatThrownBy(() -> OnnxFile.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("written out, take more than 128 MiB");
  }

  private static FunctionProto.Builder function(String name, String... inputs) {
    return FunctionProto.newBuilder()
        .setName(name)
        .setDomain("own")
        .addAllInput(List.of(inputs))
        .addOutput("out")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(18))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1));
  }

  private ModelProto.Builder model(FunctionProto.Builder... functions) {
    ModelProto.Builder model = Protos.model(graph, 18);
    for (FunctionProto.Builder function : functions) {
      model.addFunctions(function);
    }
    return model;
  }

  /// Asserts numbers and layers, and that a file with other weights is that of ONNX Runtime, too,
  /// with the functions where they were.
  private void assertLayersAndWriting(ModelProto.Builder model, String... tensors)
      throws IOException, OrtException {
    Network network = Protos.assertEqualsOnnxRuntime(model, folder.resolve("model.onnx"), inputs);
    List<Layer> layers = Layers.of(network).prunable();
    assertThat(layers).extracting(Layer::tensor).containsExactly(tensors);
    Path same = folder.resolve("same.onnx");
    OnnxFile.write(network, same);
    assertThat(Files.readAllBytes(same)).isEqualTo(model.build().toByteArray());

    var changed = new LinkedHashMap<String, Tensor>();
    for (Layer layer : layers) {
      float[] weights = network.tensor(layer.tensor()).toFloats();
      weights[1] = 0;
      weights[2] += 1;
      changed.put(layer.tensor(), network.tensor(layer.tensor()).withFloats(weights));
    }
    Network other = network.withTensors(changed);
    Path written = folder.resolve("written.onnx");
    OnnxFile.write(other, written);
    assertThat(ModelProto.parseFrom(Files.readAllBytes(written)).getFunctionsCount())
        .isEqualTo(model.getFunctionsCount());
    assertThat(OnnxFile.read(written).initializers()).isEqualTo(other.initializers());
    assertThat(
            Comparison.difference(
                Forward.run(other, inputs, Precision.FLOAT32),
                OnnxRuntime.run(written, inputs),
                1e-4,
                2e-5))
        .isEmpty();
  }
}
