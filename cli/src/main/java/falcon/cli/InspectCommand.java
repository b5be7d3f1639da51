package falcon.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.Layer;
import falcon.model.Layers;
import falcon.model.Network;
import falcon.prune.PruningException;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Shows the layers of a network and what they cost.
@Command(
    name = "inspect",
    description =
        "Shows layers, shapes, weights and multiply-accumulates, and what is prunable or why not.")
final class InspectCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  InspectCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    Network network = model.read();
    Layers layers = layers(network);
    console.result(output.isJson() ? json(network, layers) : text(network, layers));
    return ExitCode.DONE;
  }

  private Layers layers(Network network) {
    try {
      return Layers.of(network);
    } catch (IllegalArgumentException e) {
      throw new PruningException(
          PruningException.Kind.INPUT, "%s: %s".formatted(model.path(), e.getMessage()), e);
    }
  }

  private static String text(Network network, Layers layers) {
    var table =
        new Table(
            "layer", "kind", "shape", ">weights", ">MACs/weight", ">MACs", ">share", "pruned");
    for (Layer layer : layers.all()) {
      table.row(
          layer.tensor(),
          layer.opType(),
          shape(layer),
          count(layer.weights()),
          count(layer.macsPerWeight()),
          count(layer.macs()),
          "%.1f %%".formatted(100.0 * layer.macs() / Math.max(1, layers.totalMacs())),
          layer.isPrunable() ? "yes" : "no: " + layer.notPrunableReason());
    }
    return """
    %s

    %s

    prunable: %d tensors, %s weights, %s MACs (%s FLOPs = 2 × MACs)
    all:      %d tensors, %s weights, %s MACs (%s FLOPs)
    Counted for one example: weights of convolutions and matrix products; biases, normalisation and
    activations are neither counted nor pruned.\
    """
        .formatted(
            network,
            table,
            layers.prunable().size(),
            count(layers.prunableWeights()),
            count(layers.prunableMacs()),
            count(2 * layers.prunableMacs()),
            layers.all().size(),
            count(weights(layers)),
            count(layers.totalMacs()),
            count(2 * layers.totalMacs()));
  }

  private static String json(Network network, Layers layers) {
    ObjectNode json = JsonText.object().put("schemaVersion", 1).put("name", network.name());
    ArrayNode all = json.putArray("layers");
    for (Layer layer : layers.all()) {
      ObjectNode node = all.addObject().put("name", layer.tensor()).put("kind", layer.opType());
      layer.shape().forEach(node.putArray("shape")::add);
      node.put("weights", layer.weights())
          .put("macsPerWeight", layer.macsPerWeight())
          .put("macs", layer.macs())
          .put("prunable", layer.isPrunable())
          .put("reason", layer.notPrunableReason());
    }
    json.putObject("prunable")
        .put("tensors", layers.prunable().size())
        .put("weights", layers.prunableWeights())
        .put("macs", layers.prunableMacs());
    json.putObject("total")
        .put("tensors", layers.all().size())
        .put("weights", weights(layers))
        .put("macs", layers.totalMacs());
    return JsonText.of(json);
  }

  private static long weights(Layers layers) {
    return layers.all().stream().mapToLong(Layer::weights).sum();
  }

  private static String shape(Layer layer) {
    return layer.shape().stream().map(Object::toString).collect(Collectors.joining("×"));
  }

  private static String count(long value) {
    return "%,d".formatted(value);
  }
}
