package falcon.model.zoo;

import falcon.model.Attribute;
import falcon.model.Attribute.FloatValue;
import falcon.model.Attribute.IntegerList;
import falcon.model.Attribute.IntegerValue;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;

/// The graph and tensors of the residual network with 20 layers.
///
/// Three groups of three blocks, 16, 32 and 64 channels wide; the second and third group halve the
/// image. A block is convolution, BatchNorm, ReLU, convolution, BatchNorm, plus its input.
record ResNet20(long channels, long height, long width, long classes) {
  private static final long OPSET = 17;
  private static final List<Long> WIDTHS = List.of(16L, 32L, 64L);
  private static final int BLOCKS_A_GROUP = 3;
  private static final float BATCH_NORM_EPSILON = 1e-5f;
  private static final List<String> BATCH_NORM_TENSORS =
      List.of("weight", "bias", "running_mean", "running_var");

  /// Returns the name and shape of every tensor, in the order of the state dict.
  SequencedMap<String, List<Long>> shapes() {
    var shapes = new LinkedHashMap<String, List<Long>>();
    addUnit(shapes, "conv1", "bn1", List.of(WIDTHS.getFirst(), channels, 3L, 3L));
    long in = WIDTHS.getFirst();
    for (Block block : blocks()) {
      long out = block.width;
      addUnit(shapes, block.name("conv1"), block.name("bn1"), List.of(out, in, 3L, 3L));
      addUnit(shapes, block.name("conv2"), block.name("bn2"), List.of(out, out, 3L, 3L));
      if (block.isDownsampling()) {
        addUnit(
            shapes,
            block.name("downsample.0"),
            block.name("downsample.1"),
            List.of(out, in, 1L, 1L));
      }
      in = out;
    }
    shapes.put("fc.weight", List.of(classes, in));
    shapes.put("fc.bias", List.of(classes));
    return shapes;
  }

  /// Returns the names of tensors that stay dense: the convolutions of the shortcuts.
  List<String> notPrunable() {
    return blocks().stream()
        .filter(Block::isDownsampling)
        .map(block -> block.name("downsample.0.weight"))
        .toList();
  }

  /// Returns the shape of one example in the form of the metadata.
  String inputShape() {
    return channels + "," + height + "," + width;
  }

  /// Returns the graph around the tensors.
  ///
  /// @param tensors tensors by name, of the shapes of [#shapes]; added in the order of the state
  ///     dict
  Network.Builder graph(String name, Map<String, Tensor> tensors) {
    Network.Builder builder = Network.builder(name).opset("", OPSET);
    Dimension batch = new Dimension.Symbolic("batch");
    builder.input(
        new ValueInfo(
            "input",
            DataType.FLOAT32,
            List.of(
                batch,
                new Dimension.Fixed(channels),
                new Dimension.Fixed(height),
                new Dimension.Fixed(width))));
    shapes()
        .forEach((tensor, shape) ->
            builder.initializer(
                tensor, asFloat32(shape, Objects.requireNonNull(tensors.get(tensor)))));
    addNodes(builder);
    return builder.output(
        new ValueInfo("logits", DataType.FLOAT32, List.of(batch, new Dimension.Fixed(classes))));
  }

  private void addNodes(Network.Builder builder) {
    addConvolution(builder, "conv1", "input", 3, 1);
    addBatchNorm(builder, "bn1", "conv1");
    String value = addNode(builder, "Relu", "relu", List.of("bn1"), Map.of());
    for (Block block : blocks()) {
      value = addBlock(builder, block, value);
    }
    value = addNode(builder, "GlobalAveragePool", "avgpool", List.of(value), Map.of());
    value =
        addNode(builder, "Flatten", "flatten", List.of(value), Map.of("axis", new IntegerValue(1)));
    builder.node(
        new Node(
            "fc",
            "Gemm",
            "",
            List.of(value, "fc.weight", "fc.bias"),
            List.of("logits"),
            Map.of("transB", new IntegerValue(1))));
  }

  private static String addBlock(Network.Builder builder, Block block, String input) {
    addConvolution(builder, block.name("conv1"), input, 3, block.stride);
    addBatchNorm(builder, block.name("bn1"), block.name("conv1"));
    String inner =
        addNode(builder, "Relu", block.name("relu1"), List.of(block.name("bn1")), Map.of());
    addConvolution(builder, block.name("conv2"), inner, 3, 1);
    addBatchNorm(builder, block.name("bn2"), block.name("conv2"));
    String shortcut = input;
    if (block.isDownsampling()) {
      addConvolution(builder, block.name("downsample.0"), input, 1, block.stride);
      addBatchNorm(builder, block.name("downsample.1"), block.name("downsample.0"));
      shortcut = block.name("downsample.1");
    }
    addNode(builder, "Add", block.name("add"), List.of(block.name("bn2"), shortcut), Map.of());
    return addNode(builder, "Relu", block.name("relu2"), List.of(block.name("add")), Map.of());
  }

  private static void addConvolution(
      Network.Builder builder, String name, String input, long kernel, long stride) {
    long pad = kernel / 2;
    var attributes = new LinkedHashMap<String, Attribute>();
    attributes.put("dilations", new IntegerList(List.of(1L, 1L)));
    attributes.put("group", new IntegerValue(1));
    attributes.put("kernel_shape", new IntegerList(List.of(kernel, kernel)));
    attributes.put("pads", new IntegerList(List.of(pad, pad, pad, pad)));
    attributes.put("strides", new IntegerList(List.of(stride, stride)));
    addNode(builder, "Conv", name, List.of(input, name + ".weight"), attributes);
  }

  private static void addBatchNorm(Network.Builder builder, String name, String input) {
    var inputs = new ArrayList<>(List.of(input));
    BATCH_NORM_TENSORS.forEach(tensor -> inputs.add(name + "." + tensor));
    addNode(
        builder,
        "BatchNormalization",
        name,
        inputs,
        Map.of("epsilon", new FloatValue(BATCH_NORM_EPSILON)));
  }

  /// Adds a node with one output, which has the node's name.
  private static String addNode(
      Network.Builder builder,
      String opType,
      String name,
      List<String> inputs,
      Map<String, Attribute> attributes) {
    builder.node(new Node(name, opType, "", inputs, List.of(name), attributes));
    return name;
  }

  private static void addUnit(
      Map<String, List<Long>> shapes, String convolution, String batchNorm, List<Long> shape) {
    shapes.put(convolution + ".weight", shape);
    BATCH_NORM_TENSORS.forEach(
        tensor -> shapes.put(batchNorm + "." + tensor, List.of(shape.getFirst())));
  }

  private static Tensor asFloat32(List<Long> shape, Tensor tensor) {
    return tensor.type() == DataType.FLOAT32 ? tensor : Tensor.ofFloats(shape, tensor.toFloats());
  }

  private static List<Block> blocks() {
    var blocks = new ArrayList<Block>();
    for (int group = 0; group < WIDTHS.size(); group++) {
      for (int i = 0; i < BLOCKS_A_GROUP; i++) {
        long stride = group > 0 && i == 0 ? 2 : 1;
        blocks.add(new Block("layer%d.%d".formatted(group + 1, i), WIDTHS.get(group), stride));
      }
    }
    return blocks;
  }

  private record Block(String prefix, long width, long stride) {
    String name(String part) {
      return prefix + "." + part;
    }

    /// Returns whether the shortcut changes size and so needs a convolution.
    boolean isDownsampling() {
      return stride > 1;
    }
  }
}
