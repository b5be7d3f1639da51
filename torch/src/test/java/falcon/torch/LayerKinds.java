package falcon.torch;

import falcon.model.Attribute;
import falcon.model.Network;
import falcon.torch.Graph.Option;
import java.util.List;
import java.util.stream.Stream;

/// One small network for each way in which weights are used.
///
/// @param network with input `x` and output `y` of shape `[b, 4]`
/// @param tensors the weights
public record LayerKinds(
    String name, Network network, List<Long> sampleShape, List<String> tensors) {
  @Override
  public String toString() {
    return name;
  }

  public static Stream<LayerKinds> all() {
    return Stream.concat(convolutions(), Stream.concat(products(), recurrent()));
  }

  public static LayerKinds named(String name) {
    return all().filter(kind -> kind.name.equals(name)).findFirst().orElseThrow();
  }

  private static Stream<LayerKinds> convolutions() {
    return Stream.of(
        ofConvolution("conv 1-D", new long[] {3, 17}, new long[] {5, 3, 4}),
        ofConvolution(
            "conv 1-D dilated, padded on one side",
            new long[] {3, 17},
            new long[] {5, 3, 4},
            Option.integers("dilations", 2),
            Option.integers("strides", 3),
            Option.integers("pads", 0, 4)),
        ofConvolution("conv 2-D", new long[] {3, 7, 6}, new long[] {5, 3, 3, 2}),
        ofConvolution(
            "conv 2-D dilated, asymmetric",
            new long[] {3, 9, 8},
            new long[] {5, 3, 3, 2},
            Option.integers("dilations", 2, 3),
            Option.integers("strides", 2, 1),
            Option.integers("pads", 1, 0, 2, 3)),
        ofConvolution(
            "conv 1-D padded to the same size, more behind",
            new long[] {3, 8},
            new long[] {5, 3, 4},
            Option.text("auto_pad", "SAME_UPPER"),
            Option.integers("strides", 2)),
        ofConvolution(
            "conv 2-D padded to the same size, more before",
            new long[] {3, 8, 7},
            new long[] {5, 3, 4, 2},
            Option.text("auto_pad", "SAME_LOWER")),
        ofTransposed("transposed 1-D", new long[] {3, 7}, new long[] {3, 5, 4}),
        ofTransposed(
            "transposed 2-D, spread and cut",
            new long[] {3, 4, 5},
            new long[] {3, 4, 3, 2},
            Option.integers("strides", 2, 3),
            Option.integers("pads", 1, 0, 0, 1),
            Option.integers("output_padding", 1, 0)),
        ofTransposed(
            "transposed grouped and dilated",
            new long[] {4, 4, 5},
            new long[] {4, 3, 3, 2},
            Option.integer("group", 2),
            Option.integers("dilations", 2, 1),
            Option.integers("strides", 1, 2)),
        ofTransposed(
            "transposed padded to the same size",
            new long[] {3, 4, 5},
            new long[] {3, 4, 3, 3},
            Option.text("auto_pad", "SAME_UPPER"),
            Option.integers("strides", 2, 2)),
        ofConvolution(
            "conv 3-D",
            new long[] {2, 5, 4, 6},
            new long[] {3, 2, 2, 3, 2},
            Option.integers("strides", 1, 2, 1),
            Option.integers("pads", 1, 0, 1, 0, 1, 1)),
        ofConvolution(
            "conv grouped",
            new long[] {4, 6, 5},
            new long[] {6, 2, 3, 3},
            Option.integer("group", 2),
            Option.integers("strides", 2, 1)),
        ofConvolution(
            "conv depthwise",
            new long[] {6, 6, 5},
            new long[] {6, 1, 3, 3},
            Option.integer("group", 6),
            Option.integers("pads", 1, 1, 1, 1)),
        ofConvolution(
            "conv depthwise, two outputs each",
            new long[] {4, 9},
            new long[] {8, 1, 3},
            Option.integer("group", 4)));
  }

  private static LayerKinds ofConvolution(
      String name, long[] sampleShape, long[] weights, Option... options) {
    var graph = new Graph(6, sampleShape).convolution("c", "x", weights, options);
    graph.node("Tanh", "t", List.of("c")).classifier("y", "t", weights[0], 4);
    return new LayerKinds(name, graph.network("y"), graph.sampleShape(), List.of("c.w", "y.w"));
  }

  private static LayerKinds ofTransposed(
      String name, long[] sampleShape, long[] weights, Option... options) {
    var graph = new Graph(6, sampleShape).noise("c.w", weights);
    long groups =
        Stream.of(options)
            .filter(option -> option.name().equals("group"))
            .map(option -> ((Attribute.IntegerValue) option.value()).value())
            .findFirst()
            .orElse(1L);
    graph
        .noise("c.b", weights[1] * groups)
        .node("ConvTranspose", "c", List.of("x", "c.w", "c.b"), options)
        .node("Tanh", "t", List.of("c"))
        .classifier("y", "t", weights[1] * groups, 4);
    return new LayerKinds(name, graph.network("y"), graph.sampleShape(), List.of("c.w", "y.w"));
  }

  private static Graph einsum(Graph graph, String equation, long... weights) {
    return graph
        .noise("w", weights)
        .node("Einsum", "m", List.of("x", "w"), Option.text("equation", equation));
  }

  private static Stream<LayerKinds> products() {
    return Stream.of(
        flat(
            "gemm",
            graph ->
                graph.noise("w", 5, 4).noise("b", 4).node("Gemm", "y", List.of("x", "w", "b"))),
        flat(
            "gemm of transposed weights, scaled",
            graph ->
                graph
                    .noise("w", 4, 5)
                    .noise("b", 4)
                    .node(
                        "Gemm",
                        "y",
                        List.of("x", "w", "b"),
                        Option.integer("transB", 1),
                        Option.real("alpha", 0.5),
                        Option.real("beta", 2))),
        flat(
            "gemm of transposed input",
            graph ->
                graph
                    .noise("w", 5, 4)
                    .node("Transpose", "xt", List.of("x"))
                    .node("Gemm", "y", List.of("xt", "w"), Option.integer("transA", 1))),
        flat(
            "gemm of weights on the left",
            graph ->
                graph
                    .noise("w", 5, 4)
                    .node("Transpose", "xt", List.of("x"))
                    .node("Gemm", "yt", List.of("w", "xt"), Option.integer("transA", 1))
                    .node("Transpose", "y", List.of("yt"))),
        flat(
            "gemm of weights behind a transposition",
            graph ->
                graph
                    .noise("w", 4, 5)
                    .node("Transpose", "wt", List.of("w"), Option.integers("perm", 1, 0))
                    .node("Identity", "wi", List.of("wt"))
                    .node("Gemm", "y", List.of("x", "wi"))),
        tokens(
            "product with tokens",
            graph -> graph.noise("w", 5, 3).node("MatMul", "m", List.of("x", "w"))),
        tokens("einsum with tokens", graph -> einsum(graph, "btc,cd->btd", 5, 3)),
        tokens("einsum with an ellipsis, outputs first", graph -> einsum(graph, "...c,dc", 3, 5)),
        tokens(
            "einsum with weights for each token", graph -> einsum(graph, "btc,tcd->btd", 6, 5, 3)),
        tokens("einsum with the batch inside", graph -> einsum(graph, "btc,tdc->btd", 6, 3, 5)),
        tokens(
            "product with weights on the left",
            graph -> graph.noise("w", 3, 6).node("MatMul", "m", List.of("w", "x"))),
        tokens(
            "product with tokens before the batch",
            graph ->
                graph
                    .noise("w", 5, 3)
                    .node("Transpose", "turned", List.of("x"), Option.integers("perm", 1, 0, 2))
                    .node("MatMul", "p", List.of("turned", "w"))
                    .node("Transpose", "m", List.of("p"), Option.integers("perm", 1, 0, 2))),
        tokens(
            "product with tokens and batch in one axis",
            graph ->
                graph
                    .noise("w", 5, 3)
                    .longs("merged", -1, 5)
                    .longs("back", 6, -1, 3)
                    .node("Transpose", "turned", List.of("x"), Option.integers("perm", 1, 0, 2))
                    .node("Reshape", "rows", List.of("turned", "merged"))
                    .node("Gemm", "p", List.of("rows", "w"))
                    .node("Reshape", "split", List.of("p", "back"))
                    .node("Transpose", "m", List.of("split"), Option.integers("perm", 1, 0, 2))),
        tokens(
            "product with a stack of matrices",
            graph ->
                graph
                    .noise("w", 6, 5, 3)
                    .longs("four", 0, 6, 1, 5)
                    .longs("three", 0, 6, 3)
                    .node("Reshape", "x4", List.of("x", "four"))
                    .node("MatMul", "p", List.of("x4", "w"))
                    .node("Reshape", "m", List.of("p", "three"))),
        tokens(
            "tied",
            graph ->
                graph
                    .noise("w", 5, 5)
                    .node("MatMul", "a", List.of("x", "w"))
                    .node("Tanh", "b", List.of("a"))
                    .node("MatMul", "m", List.of("b", "w"))),
        tokens(
            "tied and turned",
            graph ->
                graph
                    .noise("w", 5, 3)
                    .node("MatMul", "a", List.of("x", "w"))
                    .node("Tanh", "b", List.of("a"))
                    .node("Transpose", "wt", List.of("w"))
                    .node("MatMul", "m", List.of("b", "wt"))));
  }

  private interface Body {
    Graph of(Graph graph);
  }

  private static LayerKinds flat(String name, Body body) {
    var graph = new Graph(5, 5);
    return new LayerKinds(name, body.of(graph).network("y"), graph.sampleShape(), List.of("w"));
  }

  /// Returns a network with a body over six tokens of five features each; the output is the mean
  /// over the body's results.
  private static LayerKinds tokens(String name, Body body) {
    var graph = new Graph(5, 6, 5);
    body.of(graph)
        .node("Tanh", "t", List.of("m"))
        .longs("rest", 0, -1)
        .node("Reshape", "flat", List.of("t", "rest"))
        .noise("head", name.endsWith("left") ? 15 : name.startsWith("tied") ? 30 : 18, 4)
        .node("MatMul", "y", List.of("flat", "head"));
    return new LayerKinds(name, graph.network("y"), graph.sampleShape(), List.of("w", "head"));
  }

  private static Stream<LayerKinds> recurrent() {
    return Stream.of("LSTM", "GRU", "RNN")
        .flatMap(opType ->
            Stream.of("forward", "reverse", "bidirectional")
                .flatMap(direction ->
                    Stream.of(0L, 1L)
                        .filter(after -> after == 0 || opType.equals("GRU"))
                        .map(after -> recurrent(opType, direction, after))));
  }

  private static LayerKinds recurrent(String opType, String direction, long resetsAfter) {
    long gates = opType.equals("LSTM") ? 4 : opType.equals("GRU") ? 3 : 1;
    long directions = direction.equals("bidirectional") ? 2 : 1;
    var graph = new Graph(9, 5, 3);
    graph
        .node("Transpose", "steps", List.of("x"), Option.integers("perm", 1, 0, 2))
        .noise("w", directions, gates * 4, 3)
        .noise("r", directions, gates * 4, 4)
        .noise("b", directions, 2 * gates * 4)
        .node(
            opType,
            "states",
            List.of("steps", "w", "r", "b"),
            Option.text("direction", direction),
            Option.integer("hidden_size", 4),
            Option.integer("linear_before_reset", resetsAfter))
        .node("Transpose", "samples", List.of("states"), Option.integers("perm", 2, 0, 1, 3))
        .longs("rest", 0, -1)
        .node("Reshape", "flat", List.of("samples", "rest"))
        .noise("head", 5L * directions * 4, 4)
        .node("MatMul", "y", List.of("flat", "head"));
    return new LayerKinds(
        opType + " " + direction + (resetsAfter == 1 ? ", reset after the product" : ""),
        graph.network("y"),
        graph.sampleShape(),
        List.of("w", "r", "head"));
  }
}
